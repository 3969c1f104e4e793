using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Lab.Factory;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>Images that arrive whole and are still not what was asked for.</summary>
public sealed class ImageVerificationTests
{
    public static TheoryData<string, bool, string> Wrong() =>
        new()
        {
            { nameof(LabFactoryFaults.ForgetsExtensions), false, "the extension 'siderolabs/tailscale' is missing" },
            {
                nameof(LabFactoryFaults.OtherVersion),
                false,
                "Talos version 'v1.12.3' was found, 'v1.12.4' was expected"
            },
            { nameof(LabFactoryFaults.OtherArchitecture), false, "architecture Amd64 was found, Arm64 was expected" },
            {
                nameof(LabFactoryFaults.IsoUki),
                false,
                "a UKI of kind InstallerIso was found, InstalledSystem was expected"
            },
            { nameof(LabFactoryFaults.OtherSigner), true, "it was signed by 'CN=Another Lab Factory" },
            { nameof(LabFactoryFaults.Damages), true, "its content is not what was signed" },
            { nameof(LabFactoryFaults.Truncates), false, "" },
        };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_image_is_set_aside_and_never_gets_its_name(string fault, bool secureBoot, string expected)
    {
        await using var factory = await FactoryFixture.StartAsync();
        var property = typeof(LabFactoryFaults).GetProperty(fault)!;
        property.SetValue(factory.Faults, property.PropertyType == typeof(bool) ? true : "v1.12.3");
        var e = await factory.FailsAsync(FactoryFixture.Choice(secureBoot: secureBoot));
        Assert.Equal("ImageVerificationFailed", e.ErrorId);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains("kept as", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(".partial'", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(factory.Path));
        Assert.False(File.Exists(factory.Path + ".sha256"));
        Assert.False(File.Exists(factory.Path + ".partial"));
        Assert.True(File.Exists(factory.Path + ".rejected"));

        // The fault gone, the next run begins anew and succeeds.
        property.SetValue(factory.Faults, property.PropertyType == typeof(bool) ? false : null);
        await factory.SaveAsync(FactoryFixture.Choice(secureBoot: secureBoot));
        Assert.Equal(
            FactoryFixture.Expected(secureBoot),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task A_disk_sealed_to_another_PCR_key_refuses_the_image()
    {
        await using var factory = await FactoryFixture.StartAsync();
        var other = TalosTailscale.Lab.Images.LabSigningKeys.Other.PcrFingerprint;
        var e = await factory.FailsAsync(FactoryFixture.Choice(secureBoot: true) with { PcrKeyFingerprint = other });
        Assert.Contains(
            "its PCR signing key is not the one that the node was booted with",
            e.Message,
            StringComparison.Ordinal
        );
        var own = TalosTailscale.Lab.Images.LabSigningKeys.Factory.PcrFingerprint;
        await factory.SaveAsync(FactoryFixture.Choice(secureBoot: true) with { PcrKeyFingerprint = own });
    }

    [Fact]
    public async Task What_is_there_already_is_not_fetched_again()
    {
        await using var factory = await FactoryFixture.StartAsync();
        var first = await factory.SaveAsync();
        var second = await factory.SaveAsync();
        Assert.True(second.WasPresent);
        Assert.Equal(first.Sha256, second.Sha256);
        Assert.Single(factory.ImageRequests);
        Assert.False((await factory.SaveAsync(force: true)).WasPresent);
        Assert.Equal(2, factory.ImageRequests.Count);
    }

    [Fact]
    public async Task A_file_that_has_changed_since_is_not_taken()
    {
        await using var factory = await FactoryFixture.StartAsync();
        await factory.SaveAsync();
        await using (var file = File.OpenWrite(factory.Path))
        {
            file.Position = 5000;
            file.WriteByte(0xFF);
        }

        Assert.Equal("ImageFileExists", (await factory.FailsAsync()).ErrorId);
        await factory.SaveAsync(force: true);
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task A_file_of_another_kind_under_that_name_is_left_alone()
    {
        await using var factory = await FactoryFixture.StartAsync();
        await File.WriteAllTextAsync(factory.Path, "my notes", TestContext.Current.CancellationToken);
        Assert.Equal("ImageFileExists", (await factory.FailsAsync()).ErrorId);
        Assert.Equal("my notes", await File.ReadAllTextAsync(factory.Path, TestContext.Current.CancellationToken));
        Assert.Empty(factory.ImageRequests);
    }

    [Fact]
    public async Task A_factory_that_answers_another_id_is_not_believed()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.OtherId = new string('0', 64);
        Assert.Equal("SchematicIdMismatch", (await factory.FailsAsync()).ErrorId);
        Assert.Empty(factory.ImageRequests);
    }

    [Fact]
    public async Task A_schematic_that_was_never_posted_is_not_found()
    {
        await using var factory = await FactoryFixture.StartAsync();
        var e = await factory.FailsAsync(FactoryFixture.Choice() with { Schematic = null });
        Assert.Equal("FactoryNotFound", e.ErrorId);
        Assert.Contains("New-TalosSchematic", e.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_factory_says_about_a_refusal_is_passed_on()
    {
        await using var factory = await FactoryFixture.StartAsync();
        var schematic = Schematic.FromExtensions(["siderolabs/no-such"]);
        var e = await factory.FailsAsync(
            FactoryFixture.Choice() with
            {
                Schematic = schematic,
                SchematicId = SchematicId.Parse(schematic.Id),
            }
        );
        Assert.Equal("FactoryRefused", e.ErrorId);
        Assert.Contains(
            "official extension \"siderolabs/no-such\" is not available for Talos version v1.12.4",
            e.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("http://factory.talos.dev")]
    [InlineData("ftp://factory.talos.dev")]
    [InlineData("https://user:secret@factory.talos.dev")]
    [InlineData("https://factory.talos.dev/?token=secret")]
    [InlineData("factory.talos.dev")]
    public void A_factory_without_TLS_is_refused_and_no_login_is_repeated(string uri)
    {
        var e = Assert.Throws<TsException>(() =>
            ImageFactoryUri.Resolve(new Uri(uri, UriKind.RelativeOrAbsolute), null)
        );
        Assert.Equal("FactoryUriInvalid", e.ErrorId);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_factory_is_the_one_given_else_that_of_the_environment_else_the_public_one()
    {
        Assert.Equal(
            "https://a.example/x/",
            ImageFactoryUri.Resolve(new Uri("https://a.example/x"), "https://b.example").AbsoluteUri
        );
        Assert.Equal("http://127.0.0.1:8080/", ImageFactoryUri.Resolve(null, "http://127.0.0.1:8080").AbsoluteUri);
        Assert.Equal("https://factory.talos.dev/", ImageFactoryUri.Resolve(null, "").AbsoluteUri);
    }

    [Fact]
    public void Installers_are_named_as_nodes_can_pull_them()
    {
        var id = SchematicId.Parse(new string('a', 64));
        Assert.Equal(
            $"factory.talos.dev/metal-installer/{id}:v1.12.4",
            ImageFactoryUri.Installer(new Uri("http://127.0.0.1:1/"), id, VersionTag.Parse("1.12.4"), false)
        );
        Assert.Equal(
            $"mirror.example:8443/metal-installer-secureboot/{id}:v1.12.4",
            ImageFactoryUri.Installer(new Uri("https://mirror.example:8443/"), id, VersionTag.Parse("v1.12.4"), true)
        );
    }

    [Fact]
    public void The_schematic_for_a_node_is_the_one_that_it_runs_with_tailscale_added()
    {
        var running = Schematic.FromExtensions(["siderolabs/iscsi-tools"], ["quiet"]);
        TalosExtension[] extensions =
        [
            new()
            {
                Node = "n",
                Name = "iscsi-tools",
                Version = "v0.2.0",
            },
            new()
            {
                Node = "n",
                Name = "schematic",
                Version = running.Id,
                ExtraInfo = running.Yaml,
            },
        ];
        var chosen = ImageChoice.SchematicFor("n", extensions);
        Assert.Equal(["siderolabs/iscsi-tools", "siderolabs/tailscale"], chosen.Extensions);
        Assert.Equal(["quiet"], chosen.ExtraKernelArgs);
        Assert.Equal(["siderolabs/tailscale"], ImageChoice.SchematicFor("n", []).Extensions);
        var e = Assert.Throws<TsException>(() => ImageChoice.SchematicFor("n", extensions[..1]));
        Assert.Equal("ImageChoiceIncomplete", e.ErrorId);
        Assert.Contains("iscsi-tools", e.Message, StringComparison.Ordinal);
    }
}
