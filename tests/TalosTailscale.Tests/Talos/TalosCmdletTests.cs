using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Talos;

/// <summary>The Talos cmdlets through the real engine against the lab.</summary>
public class TalosCmdletTests
{
    [Fact]
    public async Task Extensions_of_piped_nodes_name_their_node()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { Nodes = WithExtension() });
        PowerShellResult result = lab.Invoke("Get-TsNode | Get-TalosExtension -Name iscsi-tools");
        result.AssertNoErrors();
        Assert.Equal(
            ["altra", "ampone", "ryzen"],
            result.Output.Select(o => ((TalosExtension)o.BaseObject).Node).Order(StringComparer.Ordinal)
        );
        Assert.All(result.Output, o => Assert.Equal("iscsi-tools", ((TalosExtension)o.BaseObject).Name));
    }

    [Fact]
    public async Task A_missing_extension_is_one_error_for_its_node()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult result = lab.Invoke("Get-TalosExtension ampone tailscale");
        Assert.Empty(result.Output);
        Assert.StartsWith(
            "TalosExtensionNotFound",
            Assert.Single(result.Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Services_have_states()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult result = lab.Invoke("Get-TalosService -Node ryzen -Id apid, kube*");
        result.AssertNoErrors();
        Assert.Contains(result.Output, o => ((TalosService)o.BaseObject) is { Id: "apid", State: "Running" });
    }

    [Fact]
    public async Task A_log_can_be_followed_and_stopped()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult all = lab.Invoke("Get-TalosLog ryzen machined");
        all.AssertNoErrors();
        Assert.NotEmpty(all.Output);
        PowerShellResult none = lab.Invoke("Get-TalosLog ryzen machined -Tail 0");
        none.AssertNoErrors();
        Assert.Empty(none.Output);
        PowerShellResult tail = lab.Invoke("Get-TalosLog ryzen machined -Tail 1");
        Assert.Single(tail.Output);

        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        PowerShellResult stopped = await lab.Session.InvokeAndStopAsync(
            "param($seen) Get-TalosLog ryzen machined -Follow | ForEach-Object { $null = $seen.TrySetResult(); $_ }",
            () => seen.Task,
            ("seen", seen)
        );
        Assert.NotEmpty(stopped.Output);
    }

    [Fact]
    public async Task A_restart_is_waited_for()
    {
        await using LabSession lab = await LabSession.StartAsync();
        Guid before = lab.Lab.Node("ampone").BootId;
        PowerShellResult result = lab.Invoke(
            "Restart-TalosNode ampone -Mode PowerCycle -Wait -Timeout 00:00:30 -Verbose -Confirm:$false"
        );
        Assert.True(result.Errors.Count == 0, string.Join('\n', result.Verbose) + result.Errors.FirstOrDefault());
        var wait = (TalosWaitResult)Assert.Single(result.Output).BaseObject;
        Assert.True(wait.Restarted);
        Assert.Equal("running", wait.Stage);
        Assert.NotEqual(before, lab.Lab.Node("ampone").BootId);
    }

    [Fact]
    public async Task A_wait_for_no_restart_says_nothing_of_one()
    {
        await using LabSession lab = await LabSession.StartAsync();

        Assert.Null(lab.Invoke("Wait-TalosNode ampone").Single<TalosWaitResult>().Restarted);
        Assert.True(
            lab.Invoke("Restart-TalosNode ampone -PassThru -Confirm:$false | Wait-TalosNode -Timeout 00:00:30")
                .Single<TalosWaitResult>()
                .Restarted
        );
    }

    [Fact]
    public async Task The_time_of_a_service_without_a_health_check_is_that_of_its_last_event()
    {
        await using LabSession lab = await LabSession.StartAsync();

        TalosService[] services = [.. lab.Invoke("Get-TalosService ampone").OutputOf<TalosService>()];

        Assert.Contains(services, service => service.Healthy is null);
        Assert.All(services, service => Assert.Equal(service.Events[^1].Time, service.LastChange));
        Assert.All(services, service => Assert.True(service.LastChange > DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task WhatIf_restarts_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        Guid before = lab.Lab.Node("ampone").BootId;
        PowerShellResult result = lab.Invoke("Restart-TalosNode ampone -WhatIf");
        result.AssertNoErrors();
        Assert.Empty(result.Output);
        Assert.Equal(before, lab.Lab.Node("ampone").BootId);
    }

    [Fact]
    public async Task A_plain_installer_that_would_lose_the_extension_is_refused_with_the_reference_to_use()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { Nodes = WithExtension() });
        PowerShellResult result = lab.Invoke(
            "Update-TalosNode ryzen ghcr.io/siderolabs/installer:v1.12.4 -Confirm:$false"
        );
        System.Management.Automation.ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("InstallerLosesExtension", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(
            "factory.talos.dev/metal-installer/",
            error.ErrorDetails.RecommendedAction,
            StringComparison.Ordinal
        );
        Assert.Contains(":v1.12.4", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_node_is_one_error_and_the_others_go_on()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult result = lab.Invoke("Get-TalosService -Node nosuch, ryzen -Id apid");
        Assert.Single(result.Output);
        Assert.StartsWith("NodeNotFound", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_talosconfig_ends_the_pipeline_with_its_places()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult result = lab.Invoke("Get-TalosService ryzen -TalosConfig /nonexistent/talosconfig");
        Assert.Empty(result.Output);
        Assert.StartsWith(
            "TalosConfigNotFound",
            Assert.Single(result.Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    private static IReadOnlyList<LabNodeOptions> WithExtension() =>
        [.. LabNodeOptions.Runbook.Select(node => node with { Extensions = ["siderolabs/iscsi-tools"] })];
}
