using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout;

/// <summary>Plans: order, widths, ways and what is left after an interruption.</summary>
public sealed class RolloutPlannerTests
{
    [Fact]
    public void One_worker_goes_alone_then_the_others_then_the_control_planes()
    {
        RolloutNodeFacts[] facts =
        [
            Facts("c1", controlPlane: true),
            Facts("w1") with
            {
                RunsWanted = true,
            },
            Facts("w2"),
            Facts("w3"),
            Facts("c2", controlPlane: true),
        ];
        TsRolloutPlan plan = Plan(facts, new RolloutOptions { Width = RolloutWidth.Parse("50%") });
        Assert.Equal(
            [("w2", 1), ("w1", 2), ("w3", 2), ("c1", 3), ("c2", 3)],
            plan.Nodes.Select(node => (node.Node, node.Wave))
        );
        Assert.Equal([1, 1, 1], plan.WaveWidths);
        Assert.Equal(
            [TsRolloutAction.Check, TsRolloutAction.Patch, TsRolloutAction.Verify],
            plan.Nodes[1].Steps.Select(step => step.Action)
        );
        Assert.Equal(TsRolloutMethod.None, plan.Nodes[1].Method);
    }

    [Theory]
    [InlineData(TalosArchitecture.Arm64, true, TsActivation.Auto, TsRolloutMethod.UkiSwap)]
    [InlineData(TalosArchitecture.Arm64, false, TsActivation.Auto, TsRolloutMethod.Upgrade)]
    [InlineData(TalosArchitecture.Amd64, true, TsActivation.Auto, TsRolloutMethod.Upgrade)]
    [InlineData(TalosArchitecture.Amd64, true, TsActivation.UkiSwap, TsRolloutMethod.UkiSwap)]
    [InlineData(TalosArchitecture.Arm64, true, TsActivation.Upgrade, TsRolloutMethod.Upgrade)]
    public void The_way_follows_from_what_the_node_is(
        TalosArchitecture architecture,
        bool uki,
        TsActivation activation,
        TsRolloutMethod expected
    )
    {
        RolloutNodeFacts facts = Facts("n") with { Architecture = architecture, BootedWithUki = uki };
        TsRolloutNode node = Assert.Single(
            Plan([facts with { Node = facts.Node with { Activation = activation } }], new RolloutOptions()).Nodes
        );
        Assert.Equal(expected, node.Method);
        Assert.NotEmpty(node.Reason);
    }

    [Fact]
    public void After_a_failed_upgrade_its_image_is_promoted()
    {
        var memory = new RolloutMemory
        {
            Outcome = RolloutOutcome.Failed,
            Method = TsRolloutMethod.Upgrade,
            SchematicId = "new",
        };
        Assert.Equal(
            TsRolloutMethod.Promote,
            Assert.Single(Plan([Facts("n")], new RolloutOptions(), memory).Nodes).Method
        );
        Assert.Equal(
            TsRolloutMethod.Upgrade,
            Assert
                .Single(Plan([Facts("n")], new RolloutOptions { Method = TsRolloutMethod.Upgrade }, memory).Nodes)
                .Method
        );
    }

    [Fact]
    public void What_is_tried_again_after_a_failure_is_said_to_be()
    {
        var memory = new RolloutMemory
        {
            Outcome = RolloutOutcome.Failed,
            Method = TsRolloutMethod.Promote,
            SchematicId = "new",
        };
        Assert.EndsWith(
            "; again, since the attempt before failed",
            Assert.Single(Plan([Facts("n")], new RolloutOptions(), memory).Nodes).Reason
        );
        Assert.DoesNotContain("again", Assert.Single(Plan([Facts("n")], new RolloutOptions()).Nodes).Reason);
    }

    [Theory]
    [InlineData(true, false, "after", "Return,Verify,Uncordon")] // it restarted and does not run the image: not again
    [InlineData(true, false, "before", "Check,Patch,Cordon,Drain,Activate,Restart,Return,Verify,Uncordon")] // the restart never came
    [InlineData(true, true, "after", "Return,Verify,Uncordon")]
    [InlineData(false, false, null, "Return,Verify,Uncordon")] // down
    public void What_is_left_after_an_interrupted_restart_is_what_the_node_says(
        bool running,
        bool runsWanted,
        string? boot,
        string steps
    )
    {
        var memory = new RolloutMemory
        {
            InFlight = true,
            RestartBegun = true,
            BootId = "before",
            Method = TsRolloutMethod.UkiSwap,
        };
        TsRolloutNode node = Assert.Single(
            Plan(
                [Facts("n") with { IsRunning = running, RunsWanted = runsWanted, BootId = boot }],
                new RolloutOptions(),
                memory
            ).Nodes
        );
        Assert.True(node.InFlight);
        Assert.Equal(steps, string.Join(',', node.Steps.Select(step => step.Action)));
    }

    [Fact]
    public void Nodes_left_in_the_middle_go_on_before_others_begin()
    {
        RolloutNodeFacts[] facts = [Facts("w1"), Facts("w2"), Facts("w3") with { IsRunning = false }];
        RolloutPlan plan = RolloutPlanner.Plan(
            "lab",
            facts,
            key => key == "w3" ? new RolloutMemory { InFlight = true, RestartBegun = true } : RolloutMemory.Empty,
            new RolloutOptions()
        );
        var scheduler = new RolloutScheduler([.. plan.Works.Select(work => work.Track)], plan.View.WaveWidths, 1);
        var begun = new List<int>();
        scheduler.Next(scheduler.Start(), begun, []);
        Assert.Contains("w3", begun.Select(i => plan.Works[i].Node.Name));
    }

    private static TsRolloutPlan Plan(RolloutNodeFacts[] facts, RolloutOptions options, RolloutMemory? memory = null) =>
        RolloutPlanner.Plan("lab", facts, _ => memory ?? RolloutMemory.Empty, options).View;

    private static RolloutNodeFacts Facts(string name, bool controlPlane = false) =>
        new()
        {
            Node = new TsNode { Name = name, Address = name },
            IsRunning = true,
            IsControlPlane = controlPlane,
            BootId = "before",
            Architecture = TalosArchitecture.Amd64,
            BootedWithUki = true,
            TalosVersion = "v1.12.4",
            SchematicId = "old",
            WantedSchematicId = "new",
            InKubernetes = true,
        };
}
