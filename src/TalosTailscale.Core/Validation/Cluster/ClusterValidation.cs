using System.Diagnostics;
using System.Runtime.CompilerServices;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>Makes the checks of the cluster as a whole, in a fixed order.</summary>
public static class ClusterValidation
{
    /// <summary>What a check that is not of one node names as its node.</summary>
    public const string Cluster = "cluster";

    private static readonly (
        string Name,
        string Purpose,
        Func<ClusterFacts, Task<CheckResult>>? Whole,
        Func<ClusterFacts, TsNode, IReporter, Task<CheckResult>>? Each
    )[] s_all =
    [
        (
            "KubernetesNode",
            "Kubernetes has the node, Ready, with the name and address of the inventory",
            null,
            (facts, node, _) => ClusterChecks.NodeAsync(facts, node)
        ),
        ("PodPull", "a pod on the node pulls a private image", null, ClusterChecks.PodPullAsync),
        (
            "SameCluster",
            "talosconfig and kubeconfig are of one cluster, by its machines' ids",
            ClusterChecks.SameClusterAsync,
            null
        ),
        ("StaleNodes", "Kubernetes has no node that the inventory does not", ClusterChecks.StaleNodesAsync, null),
        (
            "EtcdMembers",
            "etcd's members are the control planes, reached by the local network",
            EtcdChecks.MembersAsync,
            null
        ),
        ("EtcdLeader", "etcd has one leader and no errors", EtcdChecks.LeaderAsync, null),
        (
            "LoadBalancer",
            "HAProxy's servers are the control planes of the inventory",
            EtcdChecks.LoadBalancerAsync,
            null
        ),
        ("RegistryPods", "the registry's own pods are ready", ClusterChecks.RegistryPodsAsync, null),
    ];

    /// <summary>The names of all checks, in their order.</summary>
    public static IReadOnlyList<string> CheckNames { get; } = [.. s_all.Select(check => check.Name)];

    /// <summary>Names and purposes of all checks, for the help.</summary>
    public static IReadOnlyList<(string Name, string Purpose)> Checks { get; } =
    [.. s_all.Select(check => (check.Name, check.Purpose))];

    /// <summary>Validates the cluster.</summary>
    /// <param name="options">What to look at.</param>
    /// <param name="reporter">Hears how far it has come.</param>
    /// <param name="cancellationToken">Stops it; pods that were made are deleted first.</param>
    /// <returns>The results: node by node in their order, then those of the whole.</returns>
    public static async IAsyncEnumerable<TsCheck> RunAsync(
        ClusterValidationOptions options,
        IReporter reporter,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(reporter);
        var nodes = options.Selected ?? options.Nodes;
        var facts = new ClusterFacts(options, cancellationToken);
        var chosen = s_all.Where(check => IsChosen(check.Name, options)).ToArray();
        var results = new TsCheck[nodes.Count][];
        var limit = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Max(1, options.ThrottleLimit),
            CancellationToken = cancellationToken,
        };
        await Parallel
            .ForEachAsync(Enumerable.Range(0, results.Length), limit, async (i, _) =>
            {
                var own = new List<TsCheck>();
                foreach (var (name, _, _, each) in chosen.Where(check => check.Each is not null))
                {
                    reporter.Progress(new ProgressStep("Checking the cluster", nodes[i].Name, name));
                    own.Add(
                        await MakeAsync(nodes[i].Name, name, () => each!(facts, nodes[i], reporter))
                            .ConfigureAwait(false)
                    );
                }

                results[i] = [.. own];
                reporter.Progress(new ProgressStep("Checking the cluster", nodes[i].Name, "done", Completed: true));
            })
            .ConfigureAwait(false);
        foreach (var result in results.SelectMany(own => own))
            yield return result;
        foreach (var (name, _, whole, _) in chosen.Where(check => check.Whole is not null))
        {
            reporter.Progress(new ProgressStep("Checking the cluster", null, name));
            yield return await MakeAsync(Cluster, name, () => whole!(facts)).ConfigureAwait(false);
        }

        reporter.Progress(new ProgressStep("Checking the cluster", null, "done", Completed: true));
    }

    private static bool IsChosen(string name, ClusterValidationOptions options) =>
        !options.SkipChecks.Contains(name, StringComparer.OrdinalIgnoreCase)
        && (options.Checks.Count == 0 || options.Checks.Contains(name, StringComparer.OrdinalIgnoreCase));

    private static async Task<TsCheck> MakeAsync(string node, string name, Func<Task<CheckResult>> check)
    {
        var started = Stopwatch.GetTimestamp();
        CheckResult result;
        try
        {
            result = await check().ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosRoleMissing)
        {
            result = CheckResult.Skip(e.Message);
        }
        catch (TsException e)
        {
            result = CheckResult.Fail(Causes.CheckFailed, $"{e.ErrorId}: {e.Message}", e.RecommendedAction);
        }

        return new TsCheck
        {
            Node = node,
            Name = name,
            Status = result.Status,
            Evidence = Redactor.Mask(result.Evidence),
            Cause = result.Cause?.Code,
            Fix = result.Fix ?? result.Cause?.Fix,
            FailureMode = result.Cause?.FailureMode,
            NotApplicable = result.NotApplicable,
            Duration = Stopwatch.GetElapsedTime(started),
        };
    }
}
