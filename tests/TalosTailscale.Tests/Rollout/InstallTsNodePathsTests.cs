using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

/// <summary>The less usual ways of Install-TsNode: a cluster of one, the way out of a failed upgrade, Talos 1.13.</summary>
public sealed class InstallTsNodePathsTests
{
    private const string Install = "Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false ";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lone_control_plane_takes_its_own_API_server_along_and_is_waited_for()
    {
        LabNodeOptions ryzen = LabNodeOptions.Runbook.Single(node => node.Name == "ryzen");
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { Nodes = [ryzen] });
        LabNode node = lab.Lab.Node("ryzen");
        LabKubernetesApi api = lab.Lab.Part<LabKubernetesPart>()!.Api;
        Guid before = node.BootId;
        Task? gone = null;
        node.Changed += (_, _) =>
        {
            // It is down until some time after the node is back.
            if (!node.IsApiUp && gone is null)
                gone = Task.Run(() => api.RestartAsync(TimeSpan.FromSeconds(2)), Stop);
        };

        PowerShellResult result = Invoke(lab, "'ryzen' | " + Install + "-Force");

        result.AssertNoErrors();
        Assert.NotNull(gone);
        await gone;
        Assert.NotEqual(before, node.BootId);
        TsRolloutStep[] steps = [.. result.OutputOf<TsRolloutStep>()];
        Assert.All(steps, step => Assert.Equal(TsRolloutStatus.Done, step.Status));
        Assert.Equal(TsRolloutAction.Uncordon, steps[^1].Action);
        Assert.Contains(steps, step =>
            step is { Action: TsRolloutAction.Check, Evidence: var seen }
            && seen.Contains("1 of 1 members healthy", StringComparison.Ordinal)
        );
        Assert.False(Assert.Single(await NodesAsync(lab)).Unschedulable);
        Assert.NotNull(node.TailnetAddress);
        // The lease was given back, not left to run out: the next rollout begins at once.
        Invoke(lab, "'ryzen' | " + Install + "-Force").AssertNoErrors();
    }

    [Fact]
    public async Task What_a_failed_upgrade_left_on_the_partition_is_promoted_by_the_same_command()
    {
        await using LabSession lab = await LabSession.StartAsync(
            new LabOptions { Faults = { LabFault.EfivarsIoError.On("altra") } }
        );
        LabNode altra = lab.Lab.Node("altra");

        PowerShellResult failed = Invoke(lab, "'altra' | " + Install + "-Method Upgrade");
        Assert.NotEmpty(failed.Errors);
        Assert.DoesNotContain(altra.Extensions, e => e.Name == "tailscale");
        await altra.WhenAsync(node => node.IsReady, Stop);
        string[] before = [.. Directory.GetFiles(altra.EspDirectory, "*~1.efi", SearchOption.AllDirectories)];
        Assert.Single(before);

        var plan = (TsRolloutPlan)Assert.Single(Invoke(lab, "'altra' | " + Install + "-WhatIf").Output).BaseObject;
        TsRolloutNode planned = Assert.Single(plan.Nodes);
        Assert.Equal(TsRolloutMethod.Promote, planned.Method);
        Assert.Contains("an upgrade failed here before", planned.Reason, StringComparison.Ordinal);
        Assert.Contains(planned.Steps, step => step.Description == "Invoke-UkiSwap altra -Promote");

        Guid boot = altra.BootId;
        PowerShellResult result = Invoke(lab, "'altra' | " + Install);
        result.AssertNoErrors();
        TsRolloutStep activate = result
            .OutputOf<TsRolloutStep>()
            .Single(step => step.Action == TsRolloutAction.Activate);
        Assert.Contains("exchanged", activate.Evidence, StringComparison.Ordinal);
        Assert.NotEqual(boot, altra.BootId);
        Assert.Contains(altra.Extensions, e => e.Name == "tailscale");
        Assert.NotNull(altra.TailnetAddress);
        Assert.All(await NodesAsync(lab), node => Assert.False(node.Unschedulable));
    }

    [Fact]
    public async Task An_upgrade_of_1_13_that_was_interrupted_goes_on_and_restarts_the_node_once()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { TalosVersion = "v1.13.4" });
        LabNode ryzen = lab.Lab.Node("ryzen");
        var boots = new HashSet<Guid> { ryzen.BootId };
        ryzen.Changed += (_, _) =>
        {
            lock (boots)
                boots.Add(ryzen.BootId);
        };
        PowerShellResult plan = Invoke(lab, "'ryzen' | " + Install + "-WhatIf");
        Assert.Contains(((TsRolloutPlan)Assert.Single(plan.Output).BaseObject).Steps, step =>
            step is { Action: TsRolloutAction.Restart, Description: "Restart-TalosNode ryzen -Mode PowerCycle" }
        );

        // From 1.13 on nothing restarts by itself: the image lies there, and the node runs the old one on.
        await lab.Session.InvokeAndStopAsync(
            "param($key, $state) 'ryzen' | " + Install,
            () => SecondImageAsync(ryzen),
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );
        await ryzen.WhenAsync(node => node.IsReady, Stop);

        PowerShellResult again = Invoke(lab, "'ryzen' | " + Install);
        again.AssertNoErrors();
        Assert.All(again.OutputOf<TsRolloutStep>(), step => Assert.Equal(TsRolloutStatus.Done, step.Status));
        Assert.Contains(ryzen.Extensions, e => e.Name == "tailscale");
        Assert.NotNull(ryzen.TailnetAddress);
        lock (boots)
            Assert.Equal(2, boots.Count);
        Assert.All(await NodesAsync(lab), node => Assert.False(node.Unschedulable));
    }

    private static async Task SecondImageAsync(LabNode node)
    {
        while (Directory.GetFiles(node.EspDirectory, "Talos-*.efi", SearchOption.AllDirectories).Length < 2)
            await Task.Delay(10, Stop);
    }

    private static PowerShellResult Invoke(LabSession lab, string script) =>
        lab.Invoke(
            "param($key, $state) " + script,
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );

    private static async Task<IReadOnlyList<KubernetesNodeState>> NodesAsync(LabSession lab)
    {
        using KubernetesConnection cluster = KubernetesConnection.Open(lab.Client.Environment["KUBECONFIG"]);
        return await KubernetesNodes.ListAsync(cluster, Stop);
    }
}
