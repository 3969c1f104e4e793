using System.Text;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Talos;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>The lab's Talos API, seen through the module's own client.</summary>
public sealed class LabTalosTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_answers_over_mutual_tls_and_shows_what_it_booted()
    {
        await using var lab = await LabCluster.StartAsync(cancellationToken: Stop);
        await using var client = Connect(lab);
        var ampone = client.Node("192.168.1.203");

        var version = await ampone.VersionAsync(Stop);
        var status = await ampone.MachineStatusAsync(Stop);

        Assert.Equal(TalosArchitecture.Arm64, version.Architecture);
        Assert.Equal("talos-v1.12.4.efi", await ampone.BootedEntryAsync(Stop));
        Assert.True(status.Ready);
        Assert.Equal("talos-192-168-1-203", await ampone.NodenameAsync(Stop));
        Assert.Equal(lab.Node("ampone").BootId.ToString(), await ampone.BootIdAsync(Stop));
    }

    [Fact]
    public async Task The_machine_config_comes_back_byte_for_byte()
    {
        await using var lab = await LabCluster.StartAsync(cancellationToken: Stop);
        await using var client = Connect(lab);

        var (_, text) = await client.Node("192.168.1.203").MachineConfigAsync(cancellation: Stop);

        Assert.Equal(lab.Node("ampone").ActiveConfig.Text, text);
        Assert.Contains("kind: HostnameConfig", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_config_without_its_HostnameConfig_renames_the_node()
    {
        var altra = LabNodeOptions.Runbook[2] with { KubernetesName = "storage-1" };
        await using var lab = await LabCluster.StartAsync(new LabOptions { Nodes = [LabNodeOptions.Runbook[0], altra] }, Stop);
        await using var client = Connect(lab);
        var node = client.Node("192.168.1.85");
        var (_, text) = await node.MachineConfigAsync(cancellation: Stop);

        // What the runbook's awk leaves of it.
        var first = text[..text.IndexOf("\n---\n", StringComparison.Ordinal)] + "\n";
        await node.ApplyConfigurationAsync(Encoding.UTF8.GetBytes(first), TalosApplyMode.NoReboot, cancellation: Stop);

        Assert.Equal("talos-192-168-1-85", await node.NodenameAsync(Stop));
        Assert.Equal("talos-192-168-1-85", lab.Node("altra").Hostname);
    }

    [Fact]
    public async Task A_reboot_brings_another_boot_id_and_the_node_back()
    {
        await using var lab = await LabCluster.StartAsync(cancellationToken: Stop);
        await using var client = Connect(lab);
        var node = lab.Node("ampone");
        var before = node.BootId;

        await client.Node(node.Address).RebootAsync(TalosRebootMode.PowerCycle, Stop);
        await node.WhenAsync(n => n.BootId != before && n.IsReady, Stop);

        Assert.NotEqual(before.ToString(), await client.Node(node.Address).BootIdAsync(Stop));
    }

    [Fact]
    public async Task Logs_come_as_whole_lines()
    {
        await using var lab = await LabCluster.StartAsync(cancellationToken: Stop);
        await using var client = Connect(lab);
        lab.Node("ryzen").Logs["etcd"].Add("ein Überlauf: " + new string('ä', 200));

        var lines = await client.Node("192.168.1.194").LogsAsync("etcd", cancellation: Stop).ToListAsync(Stop);

        Assert.Equal(lab.Node("ryzen").Logs["etcd"].Lines, lines);
    }

    private static TalosClient Connect(LabCluster lab) => TalosClient.Connect(
        TalosConfigFile.Parse(lab.Part<LabTalosApi>()!.TalosConfig()).Context(),
        new TalosClientOptions { Connections = new TalosConnections() });
}
