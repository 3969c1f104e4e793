using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>What a lab node shows of itself through the module's own client.</summary>
public sealed class LabNodeTests
{
    [Fact]
    public async Task A_node_answers_over_mutual_tls_and_shows_what_it_booted()
    {
        await using var lab = await TalosLab.StartAsync();
        var ampone = lab.Client("ampone");

        Assert.Equal(TalosArchitecture.Arm64, (await ampone.VersionAsync(Stop)).Architecture);
        Assert.Equal("talos-v1.12.4.efi", await ampone.BootedEntryAsync(Stop));
        Assert.True((await ampone.MachineStatusAsync(Stop)).Ready);
        Assert.Equal("talos-192-168-1-203", await ampone.NodenameAsync(Stop));
        Assert.Equal(lab.Cluster.Node("ampone").BootId.ToString(), await ampone.BootIdAsync(Stop));
        Assert.Contains("talos.platform=metal", await ampone.KernelCommandLineAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_says_what_it_is_and_what_its_firmware_calls_it()
    {
        await using var lab = await TalosLab.StartAsync();

        foreach (LabNode node in lab.Cluster.Nodes)
        {
            var client = lab.Client(node.Name);
            var expected = node.IsControlPlane ? TalosMachineType.ControlPlane : TalosMachineType.Worker;
            Assert.Equal(expected, await client.MachineTypeAsync(Stop));
            var system = await client.SystemInformationAsync(Stop);
            Assert.Equal(node.SystemUuid.ToString(), system?.Uuid);
            Assert.StartsWith("LAB", system?.SerialNumber, StringComparison.Ordinal);
        }

        Assert.Equal(3, lab.Cluster.Nodes.Select(node => node.SystemUuid).Distinct().Count());
    }

    [Fact]
    public async Task The_machine_config_comes_back_byte_for_byte()
    {
        await using var lab = await TalosLab.StartAsync();

        var (_, text) = await lab.Client("ampone").MachineConfigAsync(cancellation: Stop);

        Assert.Equal(lab.Cluster.Node("ampone").ActiveConfig.Text, text);
        Assert.Contains("kind: HostnameConfig", text, StringComparison.Ordinal);
        Assert.Contains("# Storage is pinned to this name", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_come_as_whole_lines_although_the_chunks_are_cut_anywhere()
    {
        await using var lab = await TalosLab.StartAsync();
        var log = lab.Cluster.Node("ryzen").Logs["etcd"];
        log.Add("ein Überlauf: " + new string('ä', 200));

        var lines = await lab.Client("ryzen").LogsAsync("etcd", cancellation: Stop).ToListAsync(Stop);

        Assert.Equal(log.Lines, lines);
    }

    [Fact]
    public async Task A_followed_log_goes_on_until_the_node_goes_down()
    {
        await using var lab = await TalosLab.StartAsync();
        var node = lab.Cluster.Node("ryzen");
        var lines = lab.Client("ryzen")
            .LogsAsync("etcd", tail: 0, follow: true, cancellation: Stop)
            .GetAsyncEnumerator(Stop);
        var first = lines.MoveNextAsync();
        await WriteUntilAsync(first, () => node.Logs["etcd"].Add("new"));
        Assert.Equal("new", lines.Current);

        node.PowerCycle();

        var error = await Assert.ThrowsAsync<TsException>(async () =>
        {
            while (await lines.MoveNextAsync()) { }
        });
        Assert.Contains("Talos", error.ErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_efi_partition_is_found_on_the_system_disk()
    {
        await using var lab = await TalosLab.StartAsync();
        var ampone = lab.Client("ampone");

        var disk = await ampone.SystemDiskAsync(Stop);
        var volumes = await ampone.DiscoveredVolumesAsync(Stop);

        Assert.Equal(
            "nvme0n1p1",
            Assert.Single(volumes, v => v.PartitionLabel == "EFI" && v.Parent == disk!.DiskId).Id
        );
    }

    [Fact]
    public async Task Loader_variables_are_files_as_efivarfs_shows_them()
    {
        await using var lab = await TalosLab.StartAsync();
        using var bytes = new MemoryStream();

        await using (
            var file = await lab.Client("ryzen")
                .ReadAsync("/sys/firmware/efi/efivars/LoaderEntrySelected-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", Stop)
        )
            await file.CopyToAsync(bytes, Stop);

        Assert.Equal(
            [6, 0, 0, 0, .. "talos-v1.12.4.efi\0"u8.ToArray().SelectMany(b => new byte[] { b, 0 })],
            bytes.ToArray()
        );
    }

    [Fact]
    public async Task Etcd_has_the_control_planes_and_stale_members()
    {
        await using var lab = await TalosLab.StartAsync();
        var stale = lab.Cluster.Etcd.AddStaleMember("talos-192-168-1-202", "192.168.1.202");
        var ryzen = lab.Client("ryzen");

        Assert.Equal(4, (await ryzen.EtcdMemberListAsync(Stop)).Count);
        await ryzen.EtcdRemoveMemberAsync(stale.Id, Stop);

        Assert.DoesNotContain(await ryzen.EtcdMemberListAsync(Stop), m => m.Id == stale.Id);
        Assert.Equal(lab.Cluster.Etcd.Leader, (await ryzen.EtcdStatusAsync(Stop)).Leader);
    }

    // The follower may start late: lines are added until it has seen one.
    private static async Task WriteUntilAsync(ValueTask<bool> seen, Action write)
    {
        var task = seen.AsTask();
        while (!task.IsCompleted)
        {
            write();
            await Task.WhenAny(task, Task.Delay(20, Stop));
        }

        Assert.True(await task);
    }
}
