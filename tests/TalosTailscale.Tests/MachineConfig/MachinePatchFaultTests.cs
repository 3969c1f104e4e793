using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Nodes that break off, answer late, go down half-way, or need a reboot for what is asked of them.</summary>
public sealed class MachinePatchFaultTests
{
    private const string Patch = "Set-TalosMachinePatch ampone 'machine: {nodeLabels: {rack: b}}'";

    // What can only change with a reboot (siderolabs/talos CanApplyImmediate).
    private const string RebootPatch =
        "Set-TalosMachinePatch ampone 'machine: {systemDiskEncryption: {ephemeral: {provider: luks2, keys: [{slot: 0, nodeID: {}}]}}}'";

    [Theory]
    [InlineData("after")]
    [InlineData("reboot")]
    public async Task A_connection_that_ends_when_the_node_has_taken_it_is_found_out_by_looking(string how)
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode node = lab.Lab.Node("ampone");
        Guid boot = node.BootId;
        node.Faults.Set(LabFault.ApplyBreaks, how);

        PowerShellResult run = lab.Invoke(Patch + " -Verbose");

        Assert.True(
            run.Single<MachinePatchResult>() is { Applied: true, Changed: true, Mode: TalosApplyMode.NoReboot }
        );
        Assert.Contains("no answer", run.AllText(), StringComparison.Ordinal);
        if (how == "reboot")
            await node.WhenAsync(n => n.BootId != boot && n.IsReady, TalosLab.Stop);
        Assert.Contains("rack: b", node.ActiveConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_ends_before_the_node_has_taken_it_is_an_error_that_names_the_backup()
    {
        await using TalosLab lab = await TalosLab.StartAsync(LabFault.ApplyBreaks.On("ampone", "before"));
        string before = lab.Cluster.Node("ampone").ActiveConfig.Text;
        using var backups = new BackupFolder();

        TsException error = await Assert.ThrowsAsync<TsException>(() =>
            ApplyAsync(lab.Client("ampone"), backups, TimeSpan.FromSeconds(1))
        );

        Assert.Equal("MachineConfigNotApplied", error.ErrorId);
        string backup = Assert.Single(Directory.GetFiles(backups.Path));
        Assert.Contains(backup, error.Message, StringComparison.Ordinal);
        Assert.EndsWith(before, await File.ReadAllTextAsync(backup, TalosLab.Stop), StringComparison.Ordinal);
        Assert.Equal(before, lab.Cluster.Node("ampone").ActiveConfig.Text);
    }

    [Fact]
    public async Task A_node_that_takes_it_and_never_answers_is_found_out_by_looking()
    {
        await using TalosLab lab = await TalosLab.StartAsync(LabFault.ApplyBreaks.On("ampone", "silent"));
        using var backups = new BackupFolder();

        MachinePatchResult result = await ApplyAsync(
            lab.Client("ampone").With(TimeSpan.FromSeconds(5)),
            backups,
            TimeSpan.FromSeconds(30)
        );

        Assert.True(result.Applied);
        Assert.Contains("rack: b", lab.Cluster.Node("ampone").ActiveConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_answers_late_is_waited_for()
    {
        var options = new LabOptions();
        options.Faults.Add(LabFault.AnswersLate.On("ampone", "00:00:00.2"));
        await using LabSession lab = await LabSession.StartAsync(options);

        Assert.True(lab.Invoke(Patch).Single<MachinePatchResult>().Applied);
        Assert.Contains("rack: b", lab.Lab.Node("ampone").ActiveConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_reboots_half_way_has_its_old_configuration_and_takes_the_patch_the_next_time()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode node = lab.Lab.Node("ampone");
        string before = node.ActiveConfig.Text;
        Guid boot = node.BootId;
        node.Faults.Set(LabFault.RebootsHalfWay);

        PowerShellResult run = lab.Invoke(Patch);
        await node.WhenAsync(n => n.BootId != boot && n.IsReady, TalosLab.Stop);

        // The dry run may be repeated: either it found the node again, or it said that it was gone, or what was sent while
        // the node still went down is not there afterwards.
        if (run.Errors.Count > 0)
        {
            Assert.Equal(before, node.ActiveConfig.Text);
            Assert.Matches("^(Talos|MachineConfigNotApplied,)", run.Errors[0].FullyQualifiedErrorId);
            Assert.True(lab.Invoke(Patch).Single<MachinePatchResult>().Applied);
        }

        Assert.Contains("rack: b", node.ActiveConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_cut_while_the_configuration_is_read_leaves_no_half_of_it()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Lab.Node("ampone").Faults.Set(LabFault.CutConnection, "3000");

        PowerShellResult run = lab.Invoke(Patch);

        string before = lab.Lab.Node("ampone").ActiveConfig.Text;
        if (run.Errors.Count > 0)
            Assert.DoesNotContain("rack: b", before, StringComparison.Ordinal);
        else
            Assert.True(run.Single<MachinePatchResult>().Applied);
        Assert.Equal(before, lab.Lab.Node("ampone").PersistentConfig.Text);
    }

    [Fact]
    public async Task Mode_Auto_reboots_where_it_must_and_only_there()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode node = lab.Lab.Node("ampone");
        Guid boot = node.BootId;

        Assert.Equal(TalosApplyMode.NoReboot, lab.Invoke(Patch + " -Mode Auto").Single<MachinePatchResult>().Mode);
        Assert.Equal(boot, node.BootId);
        Assert.Equal(TalosApplyMode.Reboot, lab.Invoke(RebootPatch + " -Mode Auto").Single<MachinePatchResult>().Mode);
        await node.WhenAsync(n => n.BootId != boot && n.IsReady, TalosLab.Stop);
        Assert.Contains("systemDiskEncryption", node.ActiveConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_reboot_a_change_that_needs_one_is_refused_by_the_dry_run()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string before = lab.Lab.Node("ampone").ActiveConfig.Text;

        var refused = (TsException)lab.Invoke(RebootPatch).AssertError("TalosChangeNeedsReboot").Exception;

        string[] lines = refused.Message.Split('\n');
        Assert.Contains("-Mode NoReboot", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith('+') && line.Contains("provider: luks2"));
        Assert.Contains("-Mode Staged", refused.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(before, lab.Lab.Node("ampone").PersistentConfig.Text);

        lab.Invoke(RebootPatch + " -Mode Staged").AssertNoErrors();
        lab.Invoke("Restart-TalosNode ampone -Wait -Timeout 00:00:30 -Confirm:$false").AssertNoErrors();
        Assert.Contains("systemDiskEncryption", lab.Lab.Node("ampone").ActiveConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_diff_of_the_node_shows_no_contents_of_files()
    {
        await using LabSession lab = await LabSession.StartAsync();
        const string Files =
            "Set-TalosMachinePatch ampone 'machine: {files: [{path: /var/a, op: create, permissions: 384, content: \"hunter2-in-a-file\"}]}'";

        string message = lab.Invoke(Files).AssertError("TalosChangeNeedsReboot").Exception.ToString();

        Assert.Contains("/var/a", message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", message.Split("--->")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mode_Reboot_reboots_a_node_that_has_it()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode node = lab.Lab.Node("ampone");
        Guid boot = node.BootId;

        Assert.Equal(TalosApplyMode.Reboot, lab.Invoke(Patch + " -Mode Reboot").Single<MachinePatchResult>().Mode);
        await node.WhenAsync(n => n.BootId != boot && n.IsReady, TalosLab.Stop);

        Assert.Contains("rack: b", node.ActiveConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mode_Reboot_is_refused_in_words_by_a_node_that_has_it_no_more()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { TalosVersion = "v1.14.0" });
        string before = lab.Lab.Node("ampone").ActiveConfig.Text;

        PowerShellResult run = lab.Invoke(Patch + " -Mode Reboot");

        Assert.StartsWith("Talos", Assert.Single(run.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(before, lab.Lab.Node("ampone").PersistentConfig.Text);
    }

    [Fact]
    public async Task A_configuration_on_trial_is_reported_and_not_overwritten()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Invoke(Patch + " -Mode Try -TryTimeout 00:05:00").AssertNoErrors();
        string tried = lab.Lab.Node("ampone").ActiveConfig.Text;

        string message = lab.Invoke("Set-TalosMachinePatch ampone 'machine: {nodeLabels: {zone: c}}'")
            .AssertError("MachineConfigPending")
            .Exception.Message;

        Assert.Contains("v1alpha1", message, StringComparison.Ordinal);
        Assert.Equal(tried, lab.Lab.Node("ampone").ActiveConfig.Text);
    }

    [Fact]
    public async Task Strict_makes_warnings_errors_and_sends_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        long version = lab.Lab.Node("ampone").ActiveConfig.Version;

        string message = lab.Invoke(
                "Set-TalosMachinePatch ampone 'machine: {install: {extensions: [{image: a/b:1}]}}' -Strict"
            )
            .AssertError("MachineConfigWarningsRefused")
            .Exception.Message;

        Assert.Contains("no effect since Talos 1.10", message, StringComparison.Ordinal);
        Assert.Equal(version, lab.Lab.Node("ampone").ActiveConfig.Version);
    }

    private static async Task<MachinePatchResult> ApplyAsync(
        TalosNodeClient node,
        BackupFolder backups,
        TimeSpan settle
    )
    {
        var options = new MachineConfigOptions { BackupFolder = backups.Path, SettleTimeout = settle };
        var flow = new MachineConfigFlow(node, options, SilentReporter.Instance);
        MachineConfigPlan plan = await flow.PlanAsync(
            [new ConfigPatch("machine: {nodeLabels: {rack: b}}", "patch")],
            TalosLab.Stop
        );
        return await flow.ApplyAsync(plan, TalosLab.Stop);
    }

    private sealed class BackupFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("backups-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
