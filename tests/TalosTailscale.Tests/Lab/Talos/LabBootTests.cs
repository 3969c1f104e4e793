using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>A lab node boots what its ESP holds, as a real one does.</summary>
public sealed class LabBootTests
{
    [Fact]
    public async Task A_reboot_is_another_boot_of_the_same_node()
    {
        await using var lab = await TalosLab.StartAsync();
        var node = lab.Cluster.Node("ampone");
        var before = node.BootId;

        await lab.Client("ampone").RebootAsync(TalosRebootMode.PowerCycle, Stop);
        await node.WhenAsync(n => n.BootId != before && n.IsReady, Stop);

        Assert.Equal(node.BootId.ToString(), await lab.Client("ampone").BootIdAsync(Stop));
        Assert.Equal(node.NodeId, await lab.Client("ampone").NodeIdAsync(Stop));
    }

    [Fact]
    public async Task A_swapped_uki_brings_its_extension()
    {
        await using var lab = await TalosLab.StartAsync();
        await lab.WriteUkiAsync(lab.Cluster.Node("ampone"), "Talos-v1.12.4.efi", halt: false, "siderolabs/tailscale");

        await lab.RebootAsync("ampone", n => n.IsApiUp && n.Services["ext-tailscale"] is not null);

        Assert.Contains(await lab.Client("ampone").ExtensionsAsync(Stop), e => e.Name == "tailscale");
    }

    [Fact]
    public async Task An_extension_without_its_config_holds_up_the_boot()
    {
        await using var lab = await TalosLab.StartAsync();
        await lab.WriteUkiAsync(lab.Cluster.Node("ampone"), "Talos-v1.12.4.efi", halt: false, "siderolabs/tailscale");

        var node = await lab.RebootAsync("ampone", n =>
            n.UnmetConditions.Any(c =>
                c.Name == "services" && c.Reason.Contains("ext-tailscale", StringComparison.Ordinal)
            )
        );

        Assert.Equal(LabStage.Booting, node.Stage);
        Assert.Equal("Waiting", node.Services["ext-tailscale"]!.State);
        var status = await lab.Client("ampone").MachineStatusAsync(Stop);
        Assert.False(status.Ready);
    }

    [Fact]
    public async Task The_uki_of_an_installer_iso_halts_the_node()
    {
        await using var lab = await TalosLab.StartAsync();
        await lab.WriteUkiAsync(lab.Cluster.Node("ampone"), "Talos-v1.12.4.efi", halt: true);

        var node = await lab.RebootAsync("ampone", n => n.Stage == LabStage.Booting);

        Assert.False(node.IsApiUp);
        Assert.False(node.IsKubernetesReady);
        Assert.Contains(node.Logs["kernel"].Lines, l =>
            l.Contains("talos.halt_if_installed kernel parameter is set", StringComparison.Ordinal)
        );
        var error = await Assert.ThrowsAsync<TsException>(() => lab.Client("ampone").MachineStatusAsync(Stop));
        Assert.Equal("TalosNodeUnavailable", error.ErrorId);
    }

    [Fact]
    public async Task Without_a_working_variable_the_plain_name_wins_over_a_numbered_one()
    {
        await using var lab = await TalosLab.StartAsync(LabFault.EfivarsIoError.On("ampone"));
        await lab.WriteUkiAsync(lab.Cluster.Node("ampone"), "Talos-v1.12.4~1.efi", halt: false, "siderolabs/tailscale");

        var node = await lab.RebootAsync("ampone", n => n.IsReady);

        Assert.Equal("talos-v1.12.4.efi", node.BootedEntry);
        Assert.DoesNotContain(node.Extensions, e => e.Name == "tailscale");
    }

    [Fact]
    public async Task Without_a_uki_nothing_comes_up_until_one_is_put_back()
    {
        await using var lab = await TalosLab.StartAsync();
        var node = lab.Cluster.Node("altra");
        var file = Path.Combine(node.EspDirectory, "EFI", "Linux", "Talos-v1.12.4.efi");
        File.Move(file, file + ".bak.1");
        node.PowerCycle();
        await node.WhenAsync(
            n => n.Logs["kernel"].Lines.Any(l => l.Contains("no loader entries", StringComparison.Ordinal)),
            Stop
        );
        Assert.False(node.IsApiUp);

        File.Move(file + ".bak.1", file);
        await lab.RebootAsync("altra", n => n.IsReady);

        Assert.True(node.IsKubernetesReady);
    }

    [Fact]
    public async Task A_uki_for_another_processor_does_not_start()
    {
        await using var lab = await TalosLab.StartAsync();
        var node = lab.Cluster.Node("altra");
        File.Copy(
            Path.Combine(lab.Cluster.Node("ryzen").EspDirectory, "EFI", "Linux", "Talos-v1.12.4.efi"),
            Path.Combine(node.EspDirectory, "EFI", "Linux", "Talos-v1.12.4.efi"),
            overwrite: true
        );

        node.PowerCycle();
        await node.WhenAsync(
            n => n.Logs["kernel"].Lines.Any(l => l.Contains("Unsupported", StringComparison.Ordinal)),
            Stop
        );

        Assert.False(node.IsApiUp);
    }

    [Fact]
    public async Task A_node_can_come_back_under_another_name_and_address()
    {
        await using var lab = await TalosLab.StartAsync(
            LabFault.Renamed.On("altra", "talos-abc-def"),
            LabFault.AddressChanged.On("altra", "192.168.1.86")
        );

        var node = await lab.RebootAsync("altra", n => n.IsReady);

        Assert.Equal("192.168.1.86", node.Address);
        Assert.Equal("talos-abc-def", await lab.Client("altra").NodenameAsync(Stop));
    }

    [Fact]
    public async Task Two_hundred_reboots_leave_no_connection_behind()
    {
        await using var lab = await TalosLab.StartAsync(
            new LabOptions { BootTime = TimeSpan.Zero, Nodes = [LabNodeOptions.Runbook[0]] }
        );

        for (var i = 0; i < 200; i++)
            await lab.RebootAsync("ryzen", n => n.IsReady);
        await lab.Client("ryzen").VersionAsync(Stop);

        Assert.Equal(1, lab.Api.OpenConnections);
    }
}
