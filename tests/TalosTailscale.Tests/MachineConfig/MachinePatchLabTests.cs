using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Set-TalosMachinePatch against nodes that answer, change their mind, refuse, reboot and come in all versions.</summary>
public sealed class MachinePatchLabTests
{
    private const string Render =
        "Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru | ";

    [Fact]
    public async Task The_runbook_patches_a_node_and_loses_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string before = lab.Lab.Node("ampone").ActiveConfig.Text;

        PowerShellResult run = lab.Invoke(
            "param($key) " + Render + "Set-TalosMachinePatch -Verbose",
            ("key", lab.KeyReference)
        );
        MachinePatchResult result = run.Single<MachinePatchResult>();
        string after = lab.Lab.Node("ampone").ActiveConfig.Text;

        Assert.True(result is { Node: "ampone", Changed: true, Applied: true, Mode: TalosApplyMode.NoReboot });
        Assert.Contains(result.Documents, document =>
            document is { Kind: "ExtensionServiceConfig", Name: "tailscale", Change: MachineConfigChange.Added }
        );
        Assert.Contains("TS_AUTHKEY=" + lab.Lab.Options.AuthKey, after, StringComparison.Ordinal);
        // The image is what the third patch of the runbook sets.
        foreach (
            string line in before.Split('\n').Where(line => !line.Contains("/installer:", StringComparison.Ordinal))
        )
            Assert.Contains(line, after, StringComparison.Ordinal);
        Assert.Equal(after, lab.Lab.Node("ampone").PersistentConfig.Text);
        Assert.Contains("image: factory.talos.dev/metal-installer/4a0d65c669d4", after, StringComparison.Ordinal);
        // What the node says of the same path is not said twice; what is in the result is on the screen.
        Assert.Equal(result.Warnings.Select(warning => $"ampone: {warning}"), run.Warnings);
        Assert.Empty(run.Warnings);
        Assert.DoesNotContain(lab.Lab.Options.AuthKey, run.AllText(), StringComparison.Ordinal);
        string[] backup = File.ReadAllText(result.BackupPath!).Split('\n', 2);
        Assert.Contains("\"node\":\"ampone\",\"nodeId\":", backup[0], StringComparison.Ordinal);
        Assert.Equal(before, backup[1]);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(result.BackupPath!));
    }

    [Fact]
    public async Task The_second_time_changes_nothing_and_says_so()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Invoke(
                "param($key) Get-TsNode | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru | Set-TalosMachinePatch",
                ("key", lab.KeyReference)
            )
            .AssertNoErrors();
        long version = lab.Lab.Node("ampone").ActiveConfig.Version;

        PowerShellResult again = lab.Invoke("Get-TsNode | Set-TalosMachinePatch");

        again.AssertNoErrors();
        Assert.Equal(3, again.OutputOf<MachinePatchResult>().Count);
        Assert.All(again.OutputOf<MachinePatchResult>(), result =>
            Assert.True(result is { Changed: false, Applied: false, BackupPath: null, Diff: "" })
        );
        Assert.Equal(version, lab.Lab.Node("ampone").ActiveConfig.Version);
    }

    [Fact]
    public async Task WhatIf_shows_the_masked_difference_and_changes_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string before = lab.Lab.Node("ampone").ActiveConfig.Text;

        PowerShellResult run = lab.Invoke(
            "param($key) Set-TalosMachinePatch ampone @{ apiVersion = 'v1alpha1'; kind = 'ExtensionServiceConfig'; name = 'tailscale'; environment = @(\"TS_AUTHKEY=$key\", 'TS_HOSTNAME=ampone') } -WhatIf -Verbose",
            ("key", lab.Lab.Options.AuthKey)
        );
        MachinePatchResult result = run.Single<MachinePatchResult>();

        Assert.True(result is { Changed: true, Applied: false, Mode: null, BackupPath: null });
        Assert.Contains(
            "+  - TS_AUTHKEY=***",
            result.Diff.Replace("    -", "  -", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(lab.Lab.Options.AuthKey, run.AllText(), StringComparison.Ordinal);
        Assert.Equal(before, lab.Lab.Node("ampone").ActiveConfig.Text);
    }

    [Fact]
    public async Task Somebody_elses_change_in_between_is_an_error_that_names_it()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Lab.Node("ampone").Faults.Set(LabFault.ConfigChangesInBetween);

        PowerShellResult run = lab.Invoke("Set-TalosMachinePatch ampone 'machine: {nodeLabels: {rack: b}}' -Force");

        Assert.Contains(
            "KmsgLogConfig/somebody-else",
            run.AssertError("MachineConfigChangedMeanwhile").Exception.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("somebody-else", lab.Lab.Node("ampone").ActiveConfig.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("rack: b", lab.Lab.Node("ampone").ActiveConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_staged_configuration_is_reported_and_not_overwritten()
    {
        var options = new LabOptions();
        options.Faults.Add(LabFault.StagedConfigPending.On("ampone"));
        await using LabSession lab = await LabSession.StartAsync(options);
        string staged = lab.Lab.Node("ampone").PersistentConfig.Text;

        PowerShellResult run = lab.Invoke("Set-TalosMachinePatch ampone 'machine: {nodeLabels: {rack: b}}'");

        run.AssertError("MachineConfigPending");
        Assert.Equal(staged, lab.Lab.Node("ampone").PersistentConfig.Text);
        Assert.True(
            lab.Invoke("Set-TalosMachinePatch ampone 'machine: {nodeLabels: {rack: b}}' -Force")
                .Single<MachinePatchResult>()
                .Applied
        );
    }

    [Fact]
    public async Task A_refusal_of_the_node_comes_from_the_dry_run_and_changes_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Lab.Node("ampone").Faults.Set(LabFault.RejectsConfig, "configuration validation failed: not today");
        string before = lab.Lab.Node("ampone").ActiveConfig.Text;

        PowerShellResult run = lab.Invoke("Set-TalosMachinePatch ampone 'machine: {nodeLabels: {rack: b}}'");

        Assert.Contains(
            "not today",
            run.AssertError("TalosInvalidRequest").Exception.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(before, lab.Lab.Node("ampone").ActiveConfig.Text);
    }

    [Fact]
    public async Task A_change_that_needs_a_reboot_is_refused_without_secrets()
    {
        await using LabSession lab = await LabSession.StartAsync();

        PowerShellResult run = lab.Invoke("Set-TalosMachinePatch ampone 'machine: {token: bbbbbb.cccccccccccccccc}'");

        Assert.NotEmpty(run.Errors);
        Assert.DoesNotContain("bbbbbb.cccccccccccccccc", run.AllText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1.9.6")]
    [InlineData("v1.10.8")]
    [InlineData("v1.11.6")]
    [InlineData("v1.13.9")]
    [InlineData("v1.14.0")]
    public async Task Nodes_of_all_versions_take_the_runbooks_patches(string version)
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { TalosVersion = version });

        PowerShellResult run = lab.Invoke("param($key) " + Render + "Set-TalosMachinePatch", ("key", lab.KeyReference));

        Assert.True(run.Single<MachinePatchResult>().Applied);
        Assert.Contains(
            "kind: ExtensionServiceConfig",
            lab.Lab.Node("ampone").ActiveConfig.Text,
            StringComparison.Ordinal
        );

        // The image of the repository's patch is of 1.12.4.
        Assert.Equal(
            ["InstallImageOfAnotherTalos"],
            run.OutputOf<MachinePatchResult>()[0].Warnings.Select(warning => warning.Code)
        );
    }

    [Fact]
    public async Task Staged_and_tried_configurations_leave_the_other_one_alone()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string before = lab.Lab.Node("ampone").ActiveConfig.Text;

        Assert.Equal(
            TalosApplyMode.Staged,
            lab.Invoke("Set-TalosMachinePatch ampone 'machine: {nodeLabels: {rack: s}}' -Mode Staged")
                .Single<MachinePatchResult>()
                .Mode
        );
        Assert.Equal(before, lab.Lab.Node("ampone").ActiveConfig.Text);
        Assert.Contains("rack: s", lab.Lab.Node("ampone").PersistentConfig.Text, StringComparison.Ordinal);

        Assert.Equal(
            TalosApplyMode.Try,
            lab.Invoke("Set-TalosMachinePatch altra 'machine: {nodeLabels: {rack: t}}' -Mode Try -TryTimeout 00:05:00")
                .Single<MachinePatchResult>()
                .Mode
        );
        Assert.Contains("rack: t", lab.Lab.Node("altra").ActiveConfig.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("rack: t", lab.Lab.Node("altra").PersistentConfig.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_brings_back_what_was_there()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string before = lab.Lab.Node("ampone").ActiveConfig.Text;
        lab.Invoke("$first = Set-TalosMachinePatch ampone 'machine: {nodeLabels: {rack: b}}'").AssertNoErrors();
        lab.Invoke("Set-TalosMachinePatch ampone 'machine: {nodeLabels: {zone: c}}'").AssertNoErrors();
        Assert.Contains("zone: c", lab.Lab.Node("ampone").ActiveConfig.Text, StringComparison.Ordinal);

        MachinePatchResult result = lab.Invoke("$first | Restore-TalosMachineConfig -Confirm:$false")
            .Single<MachinePatchResult>();

        Assert.True(result.Applied);
        Assert.Equal(before, lab.Lab.Node("ampone").ActiveConfig.Text);
    }

    [Fact]
    public async Task Restoring_a_file_that_lacks_documents_is_refused()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string before = lab.Lab.Node("ampone").ActiveConfig.Text;
        string shortened = lab.Client.AddFile(
            "ampone-20260101T000000Z.machineconfig.bak.yaml",
            before[..before.IndexOf("\n---", StringComparison.Ordinal)] + "\n"
        );

        PowerShellResult run = lab.Invoke("param($path) Restore-TalosMachineConfig ampone $path", ("path", shortened));

        Assert.Contains(
            "HostnameConfig",
            run.AssertError("MachineConfigDocumentsLost").Exception.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(before, lab.Lab.Node("ampone").ActiveConfig.Text);
    }

    [Fact]
    public async Task Gets_the_configuration_with_its_documents()
    {
        await using LabSession lab = await LabSession.StartAsync();

        TalosMachineConfig config = lab.Invoke("Get-TalosMachineConfig ampone").Single<TalosMachineConfig>();

        Assert.Equal(lab.Lab.Node("ampone").ActiveConfig.Text, config.Text);
        Assert.Equal("v1alpha1", config.Documents[0]);
        Assert.Contains("HostnameConfig", config.Documents);
    }
}
