using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>An installer that brings tailscale to a node without its configuration is refused; nothing else is.</summary>
public sealed class ServiceConfigGateTests
{
    private static readonly string s_id = new('b', 64);

    [Theory]
    [InlineData(null)] // of no factory: it brings none
    [InlineData("")]
    [InlineData("siderolabs/iscsi-tools")]
    [InlineData("siderolabs/tailscale-dev,siderolabs/nottailscale")]
    public async Task One_that_does_not_bring_it_needs_no_configuration(string? brings)
    {
        await using TalosLab lab = await TalosLab.StartAsync();

        await CheckAsync(lab, brings is null ? "ghcr.io/siderolabs/installer:v1.12.5" : Factory(s_id), Split(brings));
    }

    [Theory]
    [InlineData("siderolabs/tailscale")]
    [InlineData("tailscale")]
    [InlineData("siderolabs/iscsi-tools,siderolabs/tailscale")]
    public async Task One_that_brings_it_is_refused_until_the_configuration_is_there(string brings)
    {
        await using TalosLab lab = await TalosLab.StartAsync();

        TsException e = await Assert.ThrowsAsync<TsException>(() => CheckAsync(lab, Factory(s_id), Split(brings)));

        Assert.Equal("ServiceConfigMissing", e.ErrorId);
        Assert.Contains("not in the active configuration", e.Message, StringComparison.Ordinal);
        await ConfigureAsync(lab);
        await CheckAsync(lab, Factory(s_id), Split(brings));
    }

    [Fact]
    public async Task Of_a_schematic_that_nobody_knows_the_configuration_is_asked_for_too()
    {
        await using TalosLab lab = await TalosLab.StartAsync();

        TsException e = await Assert.ThrowsAsync<TsException>(() => CheckAsync(lab, Factory(s_id), null));

        Assert.Equal("GateUnknown", e.ErrorId);
        Assert.Contains(
            $"no Image Factory told what the schematic '{s_id}' holds",
            e.Message,
            StringComparison.Ordinal
        );
        await ConfigureAsync(lab);
        await CheckAsync(lab, Factory(s_id), null);
    }

    // What the node's own schematic brings, the node shows by what runs.
    [Theory]
    [InlineData("siderolabs/tailscale,siderolabs/iscsi-tools", true)]
    [InlineData("siderolabs/iscsi-tools", false)]
    public async Task Its_own_schematic_is_known_by_what_runs(string extensions, bool needed)
    {
        await using TalosLab lab = await TalosLab.StartAsync(
            new LabOptions
            {
                Nodes = [.. LabNodeOptions.Runbook.Select(node => node with { Extensions = Split(extensions)! })],
            }
        );
        string own = (await lab.Client("ampone").ExtensionsAsync(TalosLab.Stop))
            .Single(one => one.Name == "schematic")
            .Version;

        if (needed)
            Assert.Equal(
                "ServiceConfigMissing",
                (await Assert.ThrowsAsync<TsException>(() => CheckAsync(lab, Factory(own), null))).ErrorId
            );
        else
            await CheckAsync(lab, Factory(own), null);
    }

    private static string Factory(string id) => $"factory.talos.dev/metal-installer/{id}:v1.12.5";

    private static string[]? Split(string? names) =>
        names?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static Task ConfigureAsync(TalosLab lab) =>
        lab.ApplyAsync("ampone", lab.Cluster.Node("ampone").ActiveConfig.Text + GateLab.Service);

    private static Task CheckAsync(TalosLab lab, string image, string[]? brings) =>
        ServiceConfigGate.CheckAsync(
            lab.Client("ampone"),
            image,
            (_, _) => Task.FromResult<IReadOnlyList<string>?>(brings),
            SilentReporter.Instance,
            TalosLab.Stop
        );
}
