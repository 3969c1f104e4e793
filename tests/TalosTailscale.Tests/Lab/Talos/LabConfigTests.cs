using TalosTailscale.Lab;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>ApplyConfiguration in the lab: modes, refusals and what a lost document does.</summary>
public sealed class LabConfigTests
{
    private const string Service =
        "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY=made-up\n";

    [Fact]
    public async Task A_config_without_its_HostnameConfig_renames_the_node()
    {
        var altra = LabNodeOptions.Runbook[2] with { KubernetesName = "storage-1" };
        await using var lab = await TalosLab.StartAsync(new LabOptions { Nodes = [LabNodeOptions.Runbook[0], altra] });
        var text = lab.Cluster.Node("altra").ActiveConfig.Text;

        // What the runbook's awk leaves of it.
        await lab.ApplyAsync("altra", text[..text.IndexOf("\n---\n", StringComparison.Ordinal)] + "\n");

        Assert.Equal("talos-192-168-1-85", await lab.Client("altra").NodenameAsync(Stop));
    }

    [Fact]
    public async Task What_is_applied_is_kept_byte_for_byte_and_raises_the_version()
    {
        await using var lab = await TalosLab.StartAsync();
        var node = lab.Cluster.Node("ampone");
        var (before, _) = await lab.Client("ampone").MachineConfigAsync(cancellation: Stop);
        var wanted = node.ActiveConfig.Text + Service;

        await lab.ApplyAsync("ampone", wanted);
        var (after, text) = await lab.Client("ampone").MachineConfigAsync(cancellation: Stop);
        await lab.ApplyAsync("ampone", wanted);

        Assert.Equal(wanted, text);
        Assert.NotEqual(before, after);
        Assert.Equal(after, (await lab.Client("ampone").MachineConfigAsync(cancellation: Stop)).Version);
    }

    [Fact]
    public async Task A_dry_run_shows_the_difference_and_changes_nothing()
    {
        await using var lab = await TalosLab.StartAsync();
        var before = lab.Cluster.Node("ampone").ActiveConfig;

        var result = await lab.ApplyAsync("ampone", before.Text + Service, dryRun: true);
        var same = await lab.ApplyAsync("ampone", before.Text, dryRun: true);

        Assert.Contains("+kind: ExtensionServiceConfig", result.Details, StringComparison.Ordinal);
        Assert.Contains("No changes.", same.Details, StringComparison.Ordinal);
        Assert.Equal(before, lab.Cluster.Node("ampone").ActiveConfig);
    }

    [Fact]
    public async Task A_staged_config_waits_for_the_reboot()
    {
        await using var lab = await TalosLab.StartAsync();
        var node = lab.Cluster.Node("ampone");
        var before = node.ActiveConfig.Text;

        await lab.ApplyAsync(
            "ampone",
            before + Service.Replace("tailscale", "other", StringComparison.Ordinal),
            TalosApplyMode.Staged
        );

        Assert.Equal(before, node.ActiveConfig.Text);
        Assert.NotEqual(before, node.PersistentConfig.Text);
        await lab.RebootAsync("ampone", n => n.IsReady);
        Assert.Equal(node.PersistentConfig.Text, node.ActiveConfig.Text);
    }

    [Fact]
    public async Task A_tried_config_is_taken_back()
    {
        await using var lab = await TalosLab.StartAsync();
        var node = lab.Cluster.Node("ampone");
        var before = node.ActiveConfig.Text;

        await lab.Client("ampone")
            .ApplyConfigurationAsync(
                System.Text.Encoding.UTF8.GetBytes(
                    before + "---\napiVersion: v1alpha1\nkind: KmsgLogConfig\nname: tried\nurl: udp://192.168.1.9:1\n"
                ),
                TalosApplyMode.Try,
                tryTimeout: TimeSpan.FromMilliseconds(50),
                cancellation: Stop
            );

        await node.WhenAsync(n => n.ActiveConfig.Version == 3, Stop);
        Assert.Equal(before, node.ActiveConfig.Text);
        Assert.Equal(1, node.PersistentConfig.Version);
    }

    [Theory]
    [InlineData("type: controlplane", "type: worker", "can't be applied in immediate mode")]
    [InlineData("debug: false", "debugging: false", "unknown keys found during decoding")]
    [InlineData("kind: KmsgLogConfig", "kind: NoSuchConfig", "not registered")]
    [InlineData("auto: \"off\"", "auto: stable", "cannot be set at the same time")]
    [InlineData("version: v1alpha1\n", "version: v1alpha1\n\tx", "error decoding document")]
    public async Task A_bad_config_is_refused_with_the_reason(string old, string replacement, string reason)
    {
        await using var lab = await TalosLab.StartAsync();
        var before = lab.Cluster.Node("ampone").ActiveConfig;

        var error = await Assert.ThrowsAsync<TsException>(() =>
            lab.ApplyAsync("ampone", before.Text.Replace(old, replacement, StringComparison.Ordinal))
        );

        Assert.Contains(reason, error.Message + error.InnerException?.Message, StringComparison.Ordinal);
        Assert.Equal(before, lab.Cluster.Node("ampone").ActiveConfig);
    }

    [Theory]
    [InlineData(
        "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: x\n",
        "no config files found for extension \"x\""
    )]
    [InlineData("---\napiVersion: v1alpha1\nkind: HostnameConfig\nhostname: again\n", "is not allowed")]
    [InlineData("---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: x\nenviroment: [a]\n", "unknown keys")]
    public async Task A_bad_document_is_refused_with_the_reason(string document, string reason)
    {
        await using var lab = await TalosLab.StartAsync();

        var error = await Assert.ThrowsAsync<TsException>(() =>
            lab.ApplyAsync("ampone", lab.Cluster.Node("ampone").ActiveConfig.Text + document)
        );

        Assert.Contains(reason, error.Message + error.InnerException?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolverConfig_conflicts_with_name_servers_of_the_legacy_document()
    {
        await using var lab = await TalosLab.StartAsync();
        var text = lab
            .Cluster.Node("ampone")
            .ActiveConfig.Text.Replace(
                "  install:\n",
                "  network:\n    nameservers: [100.100.100.100]\n  install:\n",
                StringComparison.Ordinal
            );
        await lab.ApplyAsync("ampone", text);

        var error = await Assert.ThrowsAsync<TsException>(() =>
            lab.ApplyAsync(
                "ampone",
                text + "---\napiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: 100.100.100.100}]\n"
            )
        );

        Assert.Contains(
            ".machine.network.nameservers is already set in v1alpha1 config",
            error.Message + error.InnerException?.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(["100.100.100.100"], await lab.Client("ampone").DnsServersAsync(Stop));
    }

    [Fact]
    public async Task Somebody_else_may_change_the_config_between_read_and_apply()
    {
        await using var lab = await TalosLab.StartAsync(LabFault.ConfigChangesInBetween.On("ampone"));

        var (before, _) = await lab.Client("ampone").MachineConfigAsync(cancellation: Stop);
        var (after, text) = await lab.Client("ampone").MachineConfigAsync(cancellation: Stop);

        Assert.NotEqual(before, after);
        Assert.Contains("name: somebody-else", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_staged_config_can_be_pending_from_the_start()
    {
        await using var lab = await TalosLab.StartAsync(LabFault.StagedConfigPending.On("ampone"));

        var (_, active) = await lab.Client("ampone").MachineConfigAsync(cancellation: Stop);

        Assert.Equal(active, lab.Cluster.Node("ampone").ActiveConfig.Text);
        Assert.NotEqual(active, lab.Cluster.Node("ampone").PersistentConfig.Text);
    }
}
