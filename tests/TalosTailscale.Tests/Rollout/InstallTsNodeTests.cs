using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

/// <summary>Install-TsNode and Undo-TsNode on the lab, as a user types them.</summary>
public sealed class InstallTsNodeTests
{
    private const string Install =
        "Get-TsNode | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false";

    [Fact]
    public async Task The_runbook_is_one_command_and_a_second_run_changes_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult result = Invoke(lab, Install);
        result.AssertNoErrors();
        TsRolloutStep[] steps = [.. result.Output.Select(o => (TsRolloutStep)o.BaseObject)];
        Assert.All(steps, step => Assert.Equal(TsRolloutStatus.Done, step.Status));
        // Every step is counted, against those of the plan.
        Assert.Contains(result.Progress, record =>
            record.StatusDescription.Contains($" of {steps.Length} steps", StringComparison.Ordinal)
        );
        Assert.Contains(result.Progress, record =>
            record.StatusDescription.Contains($" of {lab.Lab.Nodes.Count} nodes", StringComparison.Ordinal)
        );
        Assert.All(lab.Lab.Nodes, node => Assert.Contains(node.Extensions, e => e.Name == "tailscale"));
        Assert.All(lab.Lab.Nodes, node => Assert.NotNull(node.TailnetAddress));
        Assert.All(await CordonsAsync(lab), cordoned => Assert.False(cordoned));
        // One after the other: no step of one node lies between two of another.
        string[] order = [.. steps.Select(step => step.Node)];
        Assert.Equal(order.Distinct().Count(), order.Zip(order.Skip(1)).Count(pair => pair.First != pair.Second) + 1);
        Assert.Contains(steps, step =>
            step is { Node: "ampone", Action: TsRolloutAction.Activate }
            && step.Evidence.Contains("exchanged", StringComparison.Ordinal)
        );

        Guid[] boots = [.. lab.Lab.Nodes.Select(node => node.BootId)];
        PowerShellResult again = Invoke(lab, Install);
        again.AssertNoErrors();
        Assert.DoesNotContain(again.Output, o => ((TsRolloutStep)o.BaseObject).Action == TsRolloutAction.Activate);
        Assert.Equal(boots, lab.Lab.Nodes.Select(node => node.BootId));
        Assert.DoesNotContain(
            lab.Lab.Options.AuthKey,
            File.ReadAllText(Directory.GetFiles(Path.Combine(lab.Client.Folder, "state")).Single())
        );
    }

    [Fact]
    public async Task What_if_shows_the_plan_and_touches_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        Guid[] boots = [.. lab.Lab.Nodes.Select(node => node.BootId)];
        string[] configs = [.. lab.Lab.Nodes.Select(node => node.ActiveConfig.Text)];
        PowerShellResult result = Invoke(lab, "Get-TsNode | Install-TsNode -StateFolder $state -WhatIf");
        result.AssertNoErrors();
        var plan = (TsRolloutPlan)Assert.Single(result.Output).BaseObject;
        Assert.Equal([1, 1, 1], plan.Nodes.Select(node => node.Wave));
        Assert.All(plan.Nodes, node => Assert.True(node.IsControlPlane));
        Assert.Equal(TsRolloutMethod.Upgrade, plan.Nodes.Single(node => node.Node == "ryzen").Method);
        Assert.Equal(TsRolloutMethod.UkiSwap, plan.Nodes.Single(node => node.Node == "altra").Method);
        Assert.All(plan.Steps, step => Assert.NotEmpty(step.Description));
        Assert.Equal(boots, lab.Lab.Nodes.Select(node => node.BootId));
        Assert.Equal(configs, lab.Lab.Nodes.Select(node => node.ActiveConfig.Text));
        Assert.False(Directory.Exists(Path.Combine(lab.Client.Folder, "state")));
    }

    [Fact]
    public async Task A_control_plane_that_does_not_come_back_ends_the_rollout_and_the_next_run_goes_on()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Lab.Node("ampone").Faults.Set(LabFault.NeverBoots);
        PowerShellResult result = Invoke(
            lab,
            "'ampone','altra','ryzen' | Install-TsNode -AuthKeyReference $key -StateFolder $state -Timeout 00:00:04 -ContinueOnError -Confirm:$false"
        );
        Assert.NotEmpty(result.Errors);
        TsRolloutStep[] steps = [.. result.Output.Select(o => (TsRolloutStep)o.BaseObject)];
        Assert.Contains(steps, step =>
            step is { Node: "ampone", Action: TsRolloutAction.Return, Status: TsRolloutStatus.Failed }
        );
        Assert.Contains(steps, step => step is { Node: "altra", Status: TsRolloutStatus.Skipped });
        Assert.Contains(steps, step => step is { Node: "ryzen", Status: TsRolloutStatus.Skipped });
        Assert.DoesNotContain(lab.Lab.Node("altra").Extensions, e => e.Name == "tailscale");

        lab.Lab.Node("ampone").Faults.Clear(LabFault.NeverBoots);
        lab.Lab.Node("ampone").PowerCycle();
        await lab.Lab.Node("ampone").WhenAsync(node => node.IsReady, TestContext.Current.CancellationToken);
        Guid boot = lab.Lab.Node("ampone").BootId;
        PowerShellResult again = Invoke(lab, Install);
        again.AssertNoErrors();
        Assert.Equal(boot, lab.Lab.Node("ampone").BootId);
        Assert.All(lab.Lab.Nodes, node => Assert.NotNull(node.TailnetAddress));
        Assert.All(await CordonsAsync(lab), cordoned => Assert.False(cordoned));
    }

    [Fact]
    public async Task Undo_goes_back_by_what_was_done()
    {
        await using LabSession lab = await LabSession.StartAsync();
        Invoke(lab, "'altra','ryzen' | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false")
            .AssertNoErrors();
        PowerShellResult plan = Invoke(lab, "'altra','ryzen' | Undo-TsNode -StateFolder $state -WhatIf");
        Assert.Equal(
            [TsRolloutMethod.Restore, TsRolloutMethod.Rollback],
            ((TsRolloutPlan)Assert.Single(plan.Output).BaseObject).Nodes.Select(node => node.Method)
        );
        PowerShellResult result = Invoke(lab, "'altra','ryzen' | Undo-TsNode -StateFolder $state -Confirm:$false");
        result.AssertNoErrors();
        Assert.DoesNotContain(lab.Lab.Node("altra").Extensions, e => e.Name == "tailscale");
        Assert.DoesNotContain(lab.Lab.Node("ryzen").Extensions, e => e.Name == "tailscale");
        // What was undone is not undone again, which would be to install.
        Guid[] boots = [.. lab.Lab.Nodes.Select(node => node.BootId)];
        PowerShellResult again = Invoke(lab, "'altra','ryzen' | Undo-TsNode -StateFolder $state -Confirm:$false");
        Assert.Equal(
            ["NothingToUndo", "NothingToUndo"],
            again.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0])
        );
        Assert.Empty(again.Output);
        Assert.Equal(boots, lab.Lab.Nodes.Select(node => node.BootId));
    }

    [Fact]
    public async Task A_node_without_history_does_not_keep_the_others_from_going_back()
    {
        await using LabSession lab = await LabSession.StartAsync();
        Invoke(lab, "'altra' | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false")
            .AssertNoErrors();

        PowerShellResult result = Invoke(lab, "'ampone','altra' | Undo-TsNode -StateFolder $state -Confirm:$false");

        Assert.Contains("'ampone'", result.AssertError("NothingToUndo").Exception.Message, StringComparison.Ordinal);
        Assert.Single(result.Errors);
        Assert.DoesNotContain(lab.Lab.Node("altra").Extensions, e => e.Name == "tailscale");
    }

    /// <summary>
    /// The facts of scality/metalk8s#2237: nodes are down, the dry run finds nothing wrong, and the operator takes that for
    /// leave to begin.
    /// </summary>
    [Fact]
    public async Task A_plan_says_of_a_node_that_cannot_be_read_that_it_was_not_read()
    {
        await using LabSession lab = await LabSession.StartAsync(
            new LabOptions { Faults = { LabFault.NeverBoots.On("altra") } }
        );
        lab.Lab.Node("altra").PowerCycle();
        await lab.Lab.Node("altra").WhenAsync(node => !node.IsApiUp, TestContext.Current.CancellationToken);

        PowerShellResult result = Invoke(lab, "'altra','ryzen' | Install-TsNode -StateFolder $state -WhatIf");

        TsRolloutPlan plan = result.Single<TsRolloutPlan>();
        Assert.StartsWith(
            "the node could not be read (",
            plan.Nodes.Single(node => node.Node == "altra").Reason,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "could not be read",
            plan.Nodes.Single(node => node.Node == "ryzen").Reason,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task After_Ctrl_C_in_a_restart_the_same_command_goes_on()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode ampone = lab.Lab.Node("ampone");
        Guid first = ampone.BootId;
        const string one =
            "param($key, $state) 'ampone' | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false";
        await lab.Session.InvokeAndStopAsync(
            one,
            () =>
                ampone.WhenAsync(node => node.BootId != first || !node.IsApiUp, TestContext.Current.CancellationToken),
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );
        await ampone.WhenAsync(node => node.BootId != first && node.IsReady, TestContext.Current.CancellationToken);
        Guid second = ampone.BootId;
        PowerShellResult again = lab.Invoke(
            one,
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );
        again.AssertNoErrors();
        Assert.Equal(
            [TsRolloutAction.Return, TsRolloutAction.Verify, TsRolloutAction.Uncordon],
            again.OutputOf<TsRolloutStep>().Select(step => step.Action)
        );
        Assert.Equal(second, ampone.BootId);
        Assert.All(await CordonsAsync(lab), cordoned => Assert.False(cordoned));
        Assert.DoesNotContain(lab.Pods, pod => pod.Contains("ts-esp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_operator_is_refused()
    {
        await using LabSession lab = await LabSession.StartAsync();
        using KubernetesConnection cluster = KubernetesConnection.Open(lab.Client.Environment["KUBECONFIG"]);
        var other = new RolloutLeaseSpec { Holder = "somebody@elsewhere/1" };
        await using RolloutLease lease = await RolloutLease.AcquireAsync(
            cluster,
            other,
            SilentReporter.Instance,
            null,
            TestContext.Current.CancellationToken
        );
        PowerShellResult result = Invoke(lab, Install);
        result.AssertError("LeaseHeld");
        Assert.Empty(result.Output);
        Assert.All(lab.Lab.Nodes, node => Assert.DoesNotContain(node.Extensions, e => e.Name == "tailscale"));
    }

    private static PowerShellResult Invoke(LabSession lab, string script) =>
        lab.Invoke(
            "param($key, $state) " + script,
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );

    private static async Task<IEnumerable<bool>> CordonsAsync(LabSession lab)
    {
        using KubernetesConnection cluster = KubernetesConnection.Open(lab.Client.Environment["KUBECONFIG"]);
        return (await KubernetesNodes.ListAsync(cluster, TestContext.Current.CancellationToken)).Select(node =>
            node.Unschedulable
        );
    }
}
