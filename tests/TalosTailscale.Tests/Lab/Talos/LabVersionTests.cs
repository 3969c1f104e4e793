using System.Formats.Tar;
using System.Text;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>The lab plays each Talos version from 1.9 to 1.14 with what it has and has not.</summary>
public sealed class LabVersionTests
{
    [Theory]
    [InlineData("v1.9.6", false, false, false)]
    [InlineData("v1.10.9", true, false, false)]
    [InlineData("v1.11.6", true, true, false)]
    [InlineData("v1.12.4", true, true, false)]
    [InlineData("v1.13.9", true, true, true)]
    [InlineData("v1.14.0", true, true, true)]
    public async Task A_version_has_its_resources_and_services(
        string version,
        bool persistent,
        bool bootedEntry,
        bool debug
    )
    {
        await using var lab = await StartAsync(version);
        var node = lab.Client("ampone");

        Assert.Equal(
            persistent,
            await node.FindResourceAsync(TalosTypes.MachineConfig, "persistent", Stop) is not null
        );
        Assert.Equal(bootedEntry, await node.BootedEntryAsync(Stop) is not null);
        Assert.Equal(debug, await node.HasDebugServiceAsync(Stop));
        Assert.Equal(lab.Cluster.Node("ampone").BootedUki!.Version, version);
    }

    [Theory]
    [InlineData("v1.9.6")]
    [InlineData("v1.10.9")]
    [InlineData("v1.11.6")]
    [InlineData("v1.12.4")]
    [InlineData("v1.13.9")]
    [InlineData("v1.14.0")]
    public async Task The_same_client_does_the_same_work_on_every_version(string version)
    {
        await using var lab = await StartAsync(version);
        var node = lab.Client("ampone");
        const string Image = "docker.io/library/busybox:1.37";

        Assert.Equal(version, (await node.VersionAsync(Stop)).Tag);
        Assert.Contains(await node.ServiceListAsync(Stop), service => service is { Id: "apid", State: "Running" });
        Assert.NotEmpty(await node.LogsAsync("machined", cancellation: Stop).ToListAsync(Stop));
        Assert.Equal("running", (await node.MachineStatusAsync(Stop)).Stage);
        Assert.NotNull(await node.BootIdAsync(Stop));
        Assert.Contains("machine:", (await node.MachineConfigAsync("v1alpha1", Stop)).Text, StringComparison.Ordinal);
        Assert.Contains("talos", await node.KernelCommandLineAsync(Stop), StringComparison.Ordinal);
        Assert.Equal(3, (await node.EtcdMemberListAsync(Stop)).Count);
        Assert.True((await node.ImagePullAsync(Image, cancellation: Stop)).Pulled);
        Assert.False((await node.ImagePullAsync(Image, cancellation: Stop)).Pulled);
        Assert.Contains(await node.ImageListAsync(cancellation: Stop).ToListAsync(Stop), image => image.Name == Image);
        var applied = await lab.ApplyAsync("ampone", lab.Cluster.Node("ampone").ActiveConfig.Text, dryRun: true);
        Assert.Equal(TalosApplyMode.NoReboot, applied.Mode);
    }

    [Theory]
    [InlineData("v1.11.6", "not registered")]
    [InlineData("v1.12.4", null)]
    public async Task A_document_is_known_since_its_version(string version, string? refusal)
    {
        await using var lab = await StartAsync(version);
        var text =
            lab.Cluster.Node("ampone").ActiveConfig.Text
            + "---\napiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: 1.1.1.1}]\n";

        var error = await Record.ExceptionAsync(() => lab.ApplyAsync("ampone", text));

        if (refusal is null)
            Assert.Null(error);
        else
            Assert.Contains(refusal, error!.Message + error.InnerException?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1.12.4")]
    [InlineData("v1.13.9")]
    public async Task An_upgrade_installs_beside_the_running_uki_and_boots_it(string version)
    {
        await using var lab = await StartAsync(version);
        var node = lab.Cluster.Node("ryzen");
        var before = node.BootId;

        var restarts = await lab.Client("ryzen")
            .UpgradeAsync($"ghcr.io/siderolabs/installer:{version}", cancellation: Stop);
        if (!restarts)
            node.PowerCycle();
        await node.WhenAsync(n => n.BootId != before && n.IsReady, Stop);

        Assert.Equal($"talos-{version}~1.efi", node.BootedEntry);
        Assert.Equal($"Talos-{version}~1.efi", node.LoaderVariables.Default);
    }

    [Fact]
    public async Task An_upgrade_on_firmware_without_writable_variables_leaves_the_good_uki_unused()
    {
        await using var lab = await TalosLab.StartAsync(LabFault.EfivarsIoError.On("ampone"));
        var node = lab.Cluster.Node("ampone");
        var before = node.BootId;

        await lab.Client("ampone").UpgradeAsync("ghcr.io/siderolabs/installer:v1.12.4", cancellation: Stop);
        await node.WhenAsync(n => n.BootId != before && n.IsReady, Stop);

        Assert.Equal("talos-v1.12.4.efi", node.BootedEntry);
        Assert.True(File.Exists(Path.Combine(node.EspDirectory, "EFI", "Linux", "Talos-v1.12.4~1.efi")));
    }

    [Fact]
    public async Task Since_1_13_a_container_can_mount_the_efi_partition()
    {
        if (!File.Exists("/bin/sh"))
            Assert.Skip("The lab's containers are processes of this machine and need /bin/sh.");
        await using var lab = await StartAsync("v1.13.9");
        var ampone = lab.Client("ampone");
        await ampone.ImagePullAsync("docker.io/library/busybox:1.37", TalosImageNamespace.System, cancellation: Stop);
        using var output = new MemoryStream();
        using var input = new MemoryStream(Encoding.UTF8.GetBytes("hello\n"));

        var code = await ampone.DebugRunAsync(
            new TalosDebugContainer
            {
                Image = "docker.io/library/busybox:1.37",
                Arguments =
                [
                    "sh",
                    "-c",
                    "read a; echo \"$a\"; mkdir -p esp; mount -t vfat /dev/nvme0n1p1 esp; ls esp/EFI/Linux; exit 3",
                ],
            },
            input,
            output,
            Stop
        );

        Assert.Equal(3, code);
        Assert.Equal("hello\nTalos-v1.13.9.efi\n", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public async Task Since_1_13_an_image_can_be_brought_as_an_archive()
    {
        await using var lab = await StartAsync("v1.13.9");
        var node = lab.Client("ampone");
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, leaveOpen: true))
        {
            Add(tar, "blobs/sha256/00", new string('x', 700_000));
            Add(tar, "manifest.json", """[{"Config":"c","RepoTags":["registry.example/app:1"],"Layers":[]}]""");
        }

        archive.Position = 0;
        Assert.Equal("registry.example/app:1", await node.ImageImportAsync(archive, cancellation: Stop));
        Assert.NotNull(await node.FindImageAsync("registry.example/app:1", cancellation: Stop));
        Assert.False((await node.ImageVerifyAsync("registry.example/app:1", Stop)).Verified);
        await node.ImageRemoveAsync("registry.example/app:1", cancellation: Stop);
        Assert.Null(await node.FindImageAsync("registry.example/app:1", cancellation: Stop));

        using var nonsense = new MemoryStream(Encoding.ASCII.GetBytes(new string('n', 2_000_000)));
        var error = await Assert.ThrowsAsync<TsException>(() => node.ImageImportAsync(nonsense, cancellation: Stop));
        Assert.Contains("unrecognized image format", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_1_13_the_new_calls_are_not_even_tried()
    {
        await using var lab = await StartAsync("v1.12.4");
        var node = lab.Client("ampone");
        foreach (
            var call in (Func<Task>[])
                [
                    () => node.ImageImportAsync(new MemoryStream(), cancellation: Stop),
                    () => node.ImageVerifyAsync("a", Stop),
                    () => node.ImageRemoveAsync("a", cancellation: Stop),
                ]
        )
        {
            var error = await Assert.ThrowsAsync<TsException>(call);
            Assert.Equal("TalosUnimplemented", error.ErrorId);
            Assert.Contains("runs Talos v1.12.4", error.Message, StringComparison.Ordinal);
        }
    }

    private static void Add(TarWriter tar, string name, string text) =>
        tar.WriteEntry(
            new PaxTarEntry(TarEntryType.RegularFile, name)
            {
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
            }
        );

    private static Task<TalosLab> StartAsync(string version) =>
        TalosLab.StartAsync(new LabOptions { TalosVersion = version });
}
