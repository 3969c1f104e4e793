using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

public sealed class NodeDrainTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cordon_is_lifted_only_by_who_set_it()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        Assert.True(await NodeDrain.CordonAsync(connection, KubeLab.Node, Token));
        Assert.True((await KubernetesNodes.GetAsync(connection, KubeLab.Node, Token)).Unschedulable);
        Assert.True(await NodeDrain.CordonAsync(connection, KubeLab.Node, Token)); // a second run of ours
        Assert.True(await NodeDrain.UncordonAsync(connection, KubeLab.Node, Token));
        Assert.False((await KubernetesNodes.GetAsync(connection, KubeLab.Node, Token)).Unschedulable);

        lab.Api.Store.Change(KubeResource.Nodes, null, KubeLab.Node, n =>
        {
            n["spec"]!["unschedulable"] = true;
            return n;
        });
        Assert.False(await NodeDrain.CordonAsync(connection, KubeLab.Node, Token));
        Assert.False(await NodeDrain.UncordonAsync(connection, KubeLab.Node, Token));
        Assert.True((await KubernetesNodes.GetAsync(connection, KubeLab.Node, Token)).Unschedulable);
    }

    [Fact]
    public async Task Pods_with_a_controller_go_and_the_others_stay()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await AddPodAsync(lab, "web-1", "ReplicaSet");
        await AddPodAsync(lab, "agent-1", "DaemonSet");
        await AddPodAsync(lab, "lonely", null);
        await AddPodAsync(lab, "elsewhere", "ReplicaSet", "talos-192-168-1-85");
        var reporter = new Listener();
        var result = await NodeDrain.DrainAsync(connection, KubeLab.Node, TimeSpan.FromSeconds(60), reporter, Token);
        Assert.Equal(["default/web-1"], result.Evicted);
        Assert.Equal(["default/lonely"], result.Left);
        Assert.Contains("'default/lonely'", Assert.Single(reporter.Warnings), StringComparison.Ordinal);
        Assert.Equal(["default/agent-1", "default/elsewhere", "default/lonely"], lab.Api.Pods);
    }

    [Fact]
    public async Task A_budget_holds_until_it_allows()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await AddPodAsync(lab, "web-1", "ReplicaSet");
        lab.Api.Store.Create(
            KubeResource.Budgets,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = "default" },
                ["spec"] = new JsonObject
                {
                    ["minAvailable"] = 1,
                    ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "web-1" } },
                },
            }
        );
        var e = await Assert.ThrowsAsync<TsException>(() =>
            NodeDrain.DrainAsync(connection, KubeLab.Node, TimeSpan.FromSeconds(5), SilentReporter.Instance, Token)
        );
        Assert.Equal("DrainBlocked", e.ErrorId);
        Assert.Contains(
            "'default/web-1': The disruption budget web needs 1 healthy pods and has 1 currently",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("default/web-1", lab.Api.Pods);

        var draining = NodeDrain.DrainAsync(
            connection,
            KubeLab.Node,
            TimeSpan.FromSeconds(60),
            SilentReporter.Instance,
            Token
        );
        lab.Api.Store.Delete(KubeResource.Budgets, "default", "web");
        Assert.Equal(["default/web-1"], (await draining).Evicted);
    }

    // kubectl drain's rule too (kubectl#1103): the budget of a pod that is going would never let it go.
    [Fact]
    public async Task A_pod_that_is_ending_is_waited_for_and_not_evicted()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await AddPodAsync(lab, "web-1", "ReplicaSet");
        lab.Api.Store.Change(KubeResource.Pods, "default", "web-1", pod =>
        {
            pod.Meta()["deletionTimestamp"] = lab.Api.Store.Now();
            return pod;
        });
        lab.Api.Faults.Used.Clear();
        var draining = NodeDrain.DrainAsync(
            connection,
            KubeLab.Node,
            TimeSpan.FromSeconds(60),
            SilentReporter.Instance,
            Token
        );
        await HelperPodTests.UntilAsync(() => lab.Api.Faults.Used.ContainsKey("get pods"));
        Assert.False(draining.IsCompleted);
        lab.Api.Store.Delete(KubeResource.Pods, "default", "web-1");
        await draining;
        Assert.DoesNotContain("create pods/eviction", lab.Api.Faults.Used.Keys);
    }

    [Fact]
    public async Task Two_budgets_for_one_pod_are_told_at_once_with_what_helps()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await AddPodAsync(lab, "web-1", "ReplicaSet");
        foreach (string name in (string[])["web", "again"])
            lab.Api.Store.Create(KubeResource.Budgets, Budget(name));
        var e = await Assert.ThrowsAsync<TsException>(() =>
            NodeDrain.DrainAsync(connection, KubeLab.Node, TimeSpan.FromMinutes(10), SilentReporter.Instance, Token)
        );
        Assert.Equal("DrainBlocked", e.ErrorId);
        Assert.Contains(
            "more than one PodDisruptionBudget is for the pod 'default/web-1'",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("'kubectl -n default get pdb'", e.RecommendedAction, StringComparison.Ordinal);

        // The advice followed: all but one are deleted, and that one allows it.
        lab.Api.Store.Delete(KubeResource.Budgets, "default", "again");
        lab.Api.Store.Delete(KubeResource.Budgets, "default", "web");
        Assert.Equal(
            ["default/web-1"],
            (
                await NodeDrain.DrainAsync(
                    connection,
                    KubeLab.Node,
                    TimeSpan.FromMinutes(1),
                    SilentReporter.Instance,
                    Token
                )
            ).Evicted
        );
    }

    private static JsonObject Budget(string name) =>
        new()
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
            ["spec"] = new JsonObject
            {
                ["minAvailable"] = 0,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "web-1" } },
            },
        };

    private static async Task AddPodAsync(KubeLab lab, string name, string? owner, string node = KubeLab.Node)
    {
        var metadata = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = "default",
            ["labels"] = new JsonObject { ["app"] = name },
        };
        if (owner is not null)
            metadata["ownerReferences"] = new JsonArray(
                new JsonObject
                {
                    ["apiVersion"] = "apps/v1",
                    ["kind"] = owner,
                    ["name"] = "x",
                    ["uid"] = "1",
                    ["controller"] = true,
                }
            );
        lab.Api.Kubelet.Adopt(
            lab.Api.Store.Create(
                KubeResource.Pods,
                new JsonObject
                {
                    ["metadata"] = metadata,
                    ["spec"] = new JsonObject
                    {
                        ["nodeName"] = node,
                        ["terminationGracePeriodSeconds"] = 1,
                        ["restartPolicy"] = "Always",
                        ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "busybox:1.37" }),
                    },
                    ["status"] = new JsonObject { ["phase"] = "Pending" },
                }
            )
        );
        await HelperPodTests.UntilAsync(() =>
            KubeBudgets.IsReady(lab.Api.Store.Get(KubeResource.Pods, "default", name)!)
        );
    }

    private sealed class Listener : IReporter
    {
        internal ConcurrentQueue<string> Warnings { get; } = new();

        public void Verbose(string message) { }

        public void Warning(string message) => Warnings.Enqueue(message);

        public void Progress(ProgressStep step) { }
    }
}
