using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>
/// Nodes whose LAN is 100.100.244.128/25: tailscaled would cut them off (tailscale/tailscale#12829; the LAN is that of
/// proompteng/lab), so nothing is rendered, sent or swapped until TS_EXTRA_ARGS leaves the LAN alone.
/// </summary>
public sealed class LanInTailnetRangeTests
{
    private const string Render =
        "param($key) Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru";

    [Fact]
    public async Task Nothing_is_rendered_or_sent_before_the_LAN_is_left_alone()
    {
        await using LabSession lab = await LabSession.StartAsync(LabShape.Options(LabShape.LanInTailnetRange));
        long version = lab.Lab.Node("ampone").ActiveConfig.Version;
        string file = Path.Combine(lab.Devices, "ampone", "manifests", "tailscale-extension-service.yaml");

        lab.Invoke(Render, ("key", lab.KeyReference)).AssertError("LanInTailnetRange");
        lab.Invoke(Patch("TS_AUTH_ONCE=true")).AssertError("LanInTailnetRange");

        Assert.False(File.Exists(file));
        Assert.Equal(version, lab.Lab.Node("ampone").ActiveConfig.Version);

        // What the error advises.
        PowerShellResult run = lab.Invoke(Patch("TS_EXTRA_ARGS=--netfilter-mode=nodivert"));
        Assert.True(run.Single<MachinePatchResult>().Applied);
        Assert.False(lab.Invoke(Patch("TS_EXTRA_ARGS=--netfilter-mode=nodivert")).Single<MachinePatchResult>().Changed);
    }

    [Fact]
    public async Task Force_goes_on_with_a_warning()
    {
        await using LabSession lab = await LabSession.StartAsync(LabShape.Options(LabShape.LanInTailnetRange));

        PowerShellResult run = lab.Invoke(Patch("TS_AUTH_ONCE=true") + " -Force");

        Assert.True(run.Single<MachinePatchResult>().Applied);
        Assert.Contains(run.Warnings, warning => warning.Contains("100.100.244.128/25", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Discovery_leaves_no_node_out()
    {
        await using LabSession lab = await LabSession.StartAsync(LabShape.Options(LabShape.LanInTailnetRange));

        var found = lab.Invoke("Get-TsNode -Discover").OutputOf<TsNodeProposal>();

        Assert.Equal(
            lab.Lab.Nodes.Select(node => node.Address).Order(StringComparer.Ordinal),
            found.Select(node => node.Address).Order(StringComparer.Ordinal)
        );
    }

    private static string Patch(string variable) =>
        "Set-TalosMachinePatch ampone "
        + $"\"apiVersion: v1alpha1`nkind: ExtensionServiceConfig`nname: tailscale`nenvironment: ['TS_AUTHKEY=file:/k', '{variable}']`n\" "
        + "-ServiceTimeout 0";
}
