using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Nodes that break off or never answer, with the waiting for them cut short.</summary>
public sealed class MachinePatchFaultTests
{
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
