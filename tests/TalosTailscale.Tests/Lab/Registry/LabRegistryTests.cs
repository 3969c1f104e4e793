using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Factory;
using TalosTailscale.Lab.Registry;

namespace TalosTailscale.Tests.Lab.Registry;

public sealed class LabRegistryTests : IAsyncLifetime
{
    private LabCluster? _lab;

    private LabRegistry Registry => _lab!.Part<LabRegistry>()!;

    public async ValueTask InitializeAsync() =>
        _lab = await LabCluster.StartAsync(new LabOptions { Nodes = [] }, TestContext.Current.CancellationToken);

    [Fact]
    public async Task The_installer_of_a_registered_schematic_holds_the_UKI_for_each_architecture()
    {
        var schematic = Schematic.FromExtensions([Schematic.TailscaleExtension]);
        using var factory = new ImageFactoryClient(_lab!.Part<LabFactory>()!.Address);
        var reference = ImageFactoryUri.Installer(
            factory.Factory,
            SchematicId.Parse(schematic.Id),
            VersionTag.Parse("v1.12.4"),
            secureBoot: true
        );
        Assert.Null(
            await Registry.PullAsync(reference, TalosArchitecture.Arm64, TestContext.Current.CancellationToken)
        );
        await factory.RegisterAsync(schematic, TestContext.Current.CancellationToken);

        foreach (var architecture in (TalosArchitecture[])[TalosArchitecture.Amd64, TalosArchitecture.Arm64])
        {
            var path = Path.Combine(_lab.Folder, $"{architecture}.efi");
            Assert.NotNull(await Registry.PullAsync(reference, architecture, TestContext.Current.CancellationToken));
            Assert.True(
                await Registry.SaveInstallerUkiAsync(
                    reference,
                    architecture,
                    path,
                    TestContext.Current.CancellationToken
                )
            );
            await using var stream = File.OpenRead(path);
            var uki = await UkiReader.ReadAsync(
                stream,
                new UkiReadOptions { Path = path },
                TestContext.Current.CancellationToken
            );
            Assert.Equal(architecture, uki.Architecture);
            Assert.Equal(UkiKind.DiskImage, uki.Kind);
            Assert.Equal(UkiSignatureStatus.Valid, uki.SignatureStatus);
            Assert.Equal(schematic.Id, uki.SchematicId);
            Assert.True(uki.HasExtension("tailscale"));
        }
    }

    [Fact]
    public async Task The_stock_installer_has_no_extension()
    {
        var path = Path.Combine(_lab!.Folder, "stock.efi");
        Assert.True(
            await Registry.SaveInstallerUkiAsync(
                "ghcr.io/siderolabs/installer:v1.12.4",
                TalosArchitecture.Amd64,
                path,
                TestContext.Current.CancellationToken
            )
        );
        await using var stream = File.OpenRead(path);
        var uki = await UkiReader.ReadAsync(stream, new UkiReadOptions(), TestContext.Current.CancellationToken);
        Assert.Empty(uki.Extensions);
        Assert.Equal("v1.12.4", uki.Version);
    }

    [Fact]
    public async Task The_private_registry_has_the_smoke_test_and_what_is_pushed()
    {
        const string Host = "registry.ide-newton.ts.net";
        Assert.True(Registry.HasHost(Host));
        Assert.False(Registry.HasHost("docker.io"));
        var first = await Registry.PullAsync(
            Host + "/lab/registry-smoketest:1",
            TalosArchitecture.Arm64,
            TestContext.Current.CancellationToken
        );
        Assert.StartsWith("sha256:", first!.Digest, StringComparison.Ordinal);
        Assert.Null(
            await Registry.PullAsync(
                Host + "/lab/registry-smoketest:2",
                TalosArchitecture.Arm64,
                TestContext.Current.CancellationToken
            )
        );
        Registry.Push("lab/registry-smoketest:2");
        var second = await Registry.PullAsync(
            Host + "/lab/registry-smoketest:2",
            TalosArchitecture.Arm64,
            TestContext.Current.CancellationToken
        );
        Assert.NotEqual(first.Digest, second!.Digest);
        var pinned = await Registry.PullAsync(
            $"{Host}/lab/registry-smoketest@{first.Digest}",
            TalosArchitecture.Arm64,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(first.Digest, pinned!.Digest);
    }

    public async ValueTask DisposeAsync() => await _lab!.DisposeAsync();
}
