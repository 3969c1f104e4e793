using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

/// <summary>Control planes that earlier runs, of one node each, left in the middle, and that one run brings to their end.</summary>
public sealed class InstallInFlightTests
{
    private const string Install = " | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false";

    [Fact]
    public async Task Control_planes_left_in_the_middle_go_on_one_after_the_other()
    {
        await using LabSession lab = await LabSession.StartAsync();
        int down = 0;
        foreach (LabNode node in lab.Lab.Nodes)
            node.Changed += (_, _) =>
            {
                int now = lab.Lab.Nodes.Count(one => !one.IsApiUp);
                lock (lab)
                    down = Math.Max(down, now);
            };
        foreach (string name in new[] { "altra", "ampone" })
            Assert.Equal(
                TsRolloutAction.Cordon,
                Invoke(lab, $"'{name}'{Install} | Select-Object -First 3").OutputOf<TsRolloutStep>().Last().Action
            );

        PowerShellResult plan = Invoke(lab, $"'altra', 'ampone', 'ryzen'{Install} -WhatIf");
        Assert.Equal([true, true, false], plan.Single<TsRolloutPlan>().Nodes.Select(node => node.InFlight));
        PowerShellResult result = Invoke(lab, $"'ryzen', 'altra', 'ampone'{Install}");

        result.AssertNoErrors();
        string[] order = [.. result.OutputOf<TsRolloutStep>().Select(step => step.Node)];
        Assert.Equal(["altra", "ampone", "ryzen"], order.Distinct());
        Assert.Equal(2, order.Zip(order.Skip(1)).Count(pair => pair.First != pair.Second));
        lock (lab)
            Assert.Equal(1, down);
        Assert.All(lab.Lab.Nodes, node => Assert.NotNull(node.TailnetAddress));
    }

    private static PowerShellResult Invoke(LabSession lab, string script) =>
        lab.Invoke(
            "param($key, $state) " + script,
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );
}
