using System.Text.Json;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Benchmarks.Rollout;

/// <summary>What an operator is told: where the cluster is, and which nodes are to be changed.</summary>
internal sealed record OperatorOrder(string Folder, Uri Factory, string AuthKey, IReadOnlyList<TsNode> Nodes);

/// <summary>What an operator says, one line of JSON each: its plan, a step that ended, or how the run came to its end.</summary>
internal sealed record OperatorLine(
    IReadOnlyList<OperatorIntent>? Plan = null,
    TsRolloutStep? Step = null,
    string? End = null
)
{
    /// <summary>The run came to its end by itself.</summary>
    public const string Over = "over";
}

/// <summary>What a plan says of a node.</summary>
internal sealed record OperatorIntent(string Node, bool InFlight, string Reason);

/// <summary>
/// An operator in a process of its own, which can be killed as any process can: one run over the nodes of a lab.
/// When its input ends it stops as on Ctrl+C.
/// </summary>
internal static class OperatorProcess
{
    // Short, so that the next operator need not wait long for the lease of one that was killed on another machine.
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(12);

    /// <summary>Runs it. Argument: the file of its order.</summary>
    public static async Task<int> RunAsync(string order)
    {
        OperatorOrder what = JsonSerializer.Deserialize<OperatorOrder>(await File.ReadAllTextAsync(order))!;
        using var stop = new CancellationTokenSource();
        _ = Task.Run(async () =>
        {
            await Console.In.ReadToEndAsync();
            await stop.CancelAsync();
        });
        string end;
        try
        {
            using TalosClient talos = TalosClient.Connect(
                TalosConfigFile.Load(Path.Combine(what.Folder, "talosconfig")).Context()
            );
            using KubernetesConnection cluster = KubernetesConnection.Open(Path.Combine(what.Folder, "kubeconfig"));
            await RollOutAsync(Setup(what, talos, cluster), what.Nodes, stop.Token);
            end = OperatorLine.Over;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            end = "stopped";
        }
        catch (TsException e)
        {
            end = e.ErrorId;
        }

        Say(new OperatorLine(End: end));
        return 0;
    }

    private static async Task RollOutAsync(
        RolloutSetup setup,
        IReadOnlyList<TsNode> nodes,
        CancellationToken cancellationToken
    )
    {
        var session = new RolloutSession(setup, SilentReporter.Instance);
        var options = new RolloutOptions { Width = RolloutWidth.Parse("10%"), MaxFailures = int.MaxValue };
        RolloutPlan plan = await session.PlanAsync(nodes, options, cancellationToken);
        Say(
            new OperatorLine(
                Plan: [.. plan.View.Nodes.Select(node => new OperatorIntent(node.Node, node.InFlight, node.Reason))]
            )
        );
        await foreach (RolloutStepEnd end in session.RunAsync(plan, cancellationToken))
            Say(new OperatorLine(Step: end.Step));
    }

    private static RolloutSetup Setup(OperatorOrder order, TalosClient talos, KubernetesConnection cluster) =>
        new()
        {
            Talos = talos,
            Kubernetes = cluster,
            Factory = order.Factory,
            Patches = (node, _) =>
                Task.FromResult<IReadOnlyList<ConfigPatch>>([
                    new ConfigPatch(Service(node.Name, order.AuthKey), "service"),
                    new ConfigPatch(Dns, "dns"),
                ]),
            ConfigOptions = new MachineConfigOptions
            {
                BackupFolder = Path.Combine(order.Folder, "backups"),
                ServiceTimeout = TimeSpan.Zero,
            },
            Validation = () => new NodeValidationOptions { SettleTime = TimeSpan.FromSeconds(5) },
            ReturnTimeout = TimeSpan.FromSeconds(20),
            StateFolder = Path.Combine(order.Folder, "state"),
            Lease = new RolloutLeaseSpec { Duration = s_lease },
        };

    private const string Dns = "machine:\n  network:\n    nameservers:\n      - 100.100.100.100\n      - 192.168.1.1\n";

    private static string Service(string node, string key) =>
        $"apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY={key}\n  - TS_HOSTNAME={node}\n  - TS_ACCEPT_DNS=false\n  - TS_AUTH_ONCE=true\n";

    private static void Say(OperatorLine line) => Console.WriteLine(JsonSerializer.Serialize(line));
}
