using System.Collections.Concurrent;
using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>What a drain did.</summary>
/// <param name="Node">Name of the Kubernetes node.</param>
/// <param name="Evicted">Pods that were moved away, as <c>namespace/name</c>.</param>
/// <param name="Left">Pods that stay: without a controller nothing would make them again elsewhere.</param>
public sealed record DrainResult(string Node, IReadOnlyList<string> Evicted, IReadOnlyList<string> Left)
{
    /// <inheritdoc/>
    public override string ToString() => Node;
}

/// <summary>
/// Cordons and drains a node before it reboots, and lifts the cordon again. Pods go through the Eviction API only, so
/// PodDisruptionBudgets hold.
/// </summary>
public static class NodeDrain
{
    internal const string CordonAnnotation = "talos-tailscale/cordoned-by";
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";
    private const int Parallel = 16;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Keeps new pods off a node.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="node">Name of the Kubernetes node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>True when it was cordoned here; false when somebody had cordoned it before, whose cordon it stays.</returns>
    /// <exception cref="TsException">KubernetesNotFound, KubernetesForbidden or a failure of the connection.</exception>
    public static async Task<bool> CordonAsync(
        KubernetesConnection connection,
        string node,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        var now = await ReadAsync(connection, node, cancellationToken).ConfigureAwait(false);
        if (now.Spec?.Unschedulable == true)
            return now.Metadata.Annotations?.ContainsKey(CordonAnnotation) == true;
        await PatchAsync(connection, node, true, $"{Environment.UserName}@{Environment.MachineName}", cancellationToken)
            .ConfigureAwait(false);
        return true;
    }

    /// <summary>Lifts a cordon that <see cref="CordonAsync"/> set, in this process or an earlier one; leaves others alone.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="node">Name of the Kubernetes node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>True when there was such a cordon.</returns>
    /// <exception cref="TsException">KubernetesNotFound, KubernetesForbidden or a failure of the connection.</exception>
    public static async Task<bool> UncordonAsync(
        KubernetesConnection connection,
        string node,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        var now = await ReadAsync(connection, node, cancellationToken).ConfigureAwait(false);
        if (now.Metadata.Annotations?.ContainsKey(CordonAnnotation) != true)
            return false;
        await PatchAsync(connection, node, null, null, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Evicts what runs on a node and waits until it is gone. Pods of DaemonSets and static pods stay, as their node is the
    /// only one that they have; so do pods without a controller, which come back with the node.
    /// </summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="node">Name of the Kubernetes node; cordon it first.</param>
    /// <param name="timeout">How long budgets and grace periods may take in all.</param>
    /// <param name="reporter">Told of each pod, and warned of those that stay.</param>
    /// <param name="cancellationToken">Cancels; what was evicted stays evicted.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="TsException">DrainBlocked, KubernetesForbidden or a failure of the connection.</exception>
    public static async Task<DrainResult> DrainAsync(
        KubernetesConnection connection,
        string node,
        TimeSpan timeout,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(reporter);
        var pods = await PodsAsync(connection, node, cancellationToken).ConfigureAwait(false);
        var candidates = pods.Where(p => !IsBound(p)).ToArray();
        var left = candidates.Where(p => !HasController(p) && !IsFinished(p)).Select(Identity).ToArray();
        foreach (var pod in left)
            reporter.Warning(
                $"The pod '{pod}' on '{node}' has no controller: it is not evicted and stops while the node reboots."
            );
        var going = candidates.Where(p => HasController(p) && !IsFinished(p)).ToArray();
        if (going.Length > 0)
            reporter.Progress(new ProgressStep("Draining", node, "evicted", 0, going.Length, Unit: "pods"));
        var evicted = new ConcurrentBag<string>();
        var blocked = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = deadline.Token };
            await System
                .Threading.Tasks.Parallel.ForEachAsync(going, options, async (pod, ct) =>
                {
                    // What is ending already needs no leave, and a budget would not give it.
                    if (pod.Metadata.DeletionTimestamp is null)
                        await EvictAsync(connection, node, pod, blocked, ct).ConfigureAwait(false);
                    await WaitGoneAsync(connection, pod, ct).ConfigureAwait(false);
                    reporter.Verbose($"{node}: pod '{Identity(pod)}' was evicted.");
                    evicted.Add(Identity(pod));
                    reporter.Progress(
                        new ProgressStep("Draining", node, "evicted", evicted.Count, going.Length, Unit: "pods")
                    );
                })
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            var why = blocked.IsEmpty
                ? "pods take longer to end than that"
                : string.Join("; ", blocked.Select(b => $"'{b.Key}': {b.Value}"));
            throw KubernetesErrors.DrainBlocked.New(
                $"The node '{node}' could not be drained within {timeout.TotalSeconds:0} s: {why}.",
                node,
                e
            );
        }
        finally
        {
            reporter.Progress(new ProgressStep("Draining", node, "done", Completed: true));
        }

        return new DrainResult(node, [.. evicted.Order(StringComparer.Ordinal)], left);
    }

    // 429 is what a budget says, and also what a busy server says: both want the same answer, later.
    private static async Task EvictAsync(
        KubernetesConnection connection,
        string node,
        V1Pod pod,
        ConcurrentDictionary<string, string> blocked,
        CancellationToken cancellationToken
    )
    {
        var eviction = new V1Eviction
        {
            Metadata = new V1ObjectMeta
            {
                Name = pod.Metadata.Name,
                NamespaceProperty = pod.Metadata.NamespaceProperty,
            },
        };
        while (true)
        {
            var refusal = await KubernetesCall
                .RepeatAsync(
                    connection,
                    $"evict the pod '{Identity(pod)}'",
                    Identity(pod),
                    async (api, ct) =>
                    {
                        try
                        {
                            await api
                                .CoreV1.CreateNamespacedPodEvictionAsync(
                                    eviction,
                                    pod.Metadata.Name,
                                    pod.Metadata.NamespaceProperty,
                                    cancellationToken: ct
                                )
                                .ConfigureAwait(false);
                            return null;
                        }
                        catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                        {
                            return null; // gone by itself
                        }
                        catch (HttpOperationException e)
                            when (KubernetesCall.IsStatus(e, HttpStatusCode.TooManyRequests))
                        {
                            var status = KubernetesCall.ReadStatus(e.Response.Content);
                            return status?.Details?.Causes?.FirstOrDefault()?.Message
                                ?? status?.Message
                                ?? "the server is busy";
                        }
                        catch (HttpOperationException e)
                            when (KubernetesCall.IsStatus(e, HttpStatusCode.InternalServerError))
                        {
                            return Failed(node, pod, KubernetesCall.ReadStatus(e.Response.Content)?.Message, e);
                        }
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (refusal is null)
            {
                blocked.TryRemove(Identity(pod), out _);
                return;
            }
            blocked[Identity(pod)] = KubernetesCall.Sentence(refusal);
            await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
        }
    }

    // Two budgets on one pod are refused each time; of whatever else fails on the server the next try may go well.
    private static string Failed(string node, V1Pod pod, string? said, Exception e) =>
        said?.Contains("more than one PodDisruptionBudget", StringComparison.Ordinal) == true
            ? throw KubernetesErrors.DrainBlocked.New(
                $"The node '{node}' cannot be drained: more than one PodDisruptionBudget is for the pod '{Identity(pod)}', and Kubernetes evicts no such pod.",
                node,
                e,
                $"Delete all but one of the budgets that select it: 'kubectl -n {pod.Metadata.NamespaceProperty} get pdb' lists them."
            )
            : $"the server failed: {ServerRefusal.Words(said ?? "no reason given")}";

    // A controller may use the name again (StatefulSet): only the same uid is the same pod.
    private static async Task WaitGoneAsync(
        KubernetesConnection connection,
        V1Pod pod,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var uid = await KubernetesCall
                .RepeatAsync(
                    connection,
                    $"read the pod '{Identity(pod)}'",
                    Identity(pod),
                    async (api, ct) =>
                    {
                        try
                        {
                            var now = await api
                                .CoreV1.ReadNamespacedPodAsync(
                                    pod.Metadata.Name,
                                    pod.Metadata.NamespaceProperty,
                                    cancellationToken: ct
                                )
                                .ConfigureAwait(false);
                            return now.Metadata.Uid;
                        }
                        catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                        {
                            return null;
                        }
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (uid != pod.Metadata.Uid)
                return;
            await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<List<V1Pod>> PodsAsync(
        KubernetesConnection connection,
        string node,
        CancellationToken cancellationToken
    )
    {
        var pods = new List<V1Pod>();
        string? page = null;
        do
        {
            var token = page;
            var list = await KubernetesCall
                .RepeatAsync(
                    connection,
                    $"list the pods on '{node}'",
                    node,
                    (api, ct) =>
                        api.CoreV1.ListPodForAllNamespacesAsync(
                            fieldSelector: "spec.nodeName=" + node,
                            limit: 500,
                            continueParameter: token,
                            cancellationToken: ct
                        ),
                    cancellationToken
                )
                .ConfigureAwait(false);
            pods.AddRange(list.Items);
            page = list.Metadata?.ContinueProperty;
        } while (!string.IsNullOrEmpty(page));
        return pods;
    }

    private static Task<V1Node> ReadAsync(
        KubernetesConnection connection,
        string node,
        CancellationToken cancellationToken
    ) =>
        KubernetesCall.RepeatAsync(
            connection,
            $"read the node '{node}'",
            node,
            (api, ct) => api.CoreV1.ReadNodeAsync(node, cancellationToken: ct),
            cancellationToken
        );

    private static Task<V1Node> PatchAsync(
        KubernetesConnection connection,
        string node,
        bool? unschedulable,
        string? by,
        CancellationToken cancellationToken
    )
    {
        var patch = new Dictionary<string, object?>
        {
            ["metadata"] = new Dictionary<string, object?>
            {
                ["annotations"] = new Dictionary<string, string?> { [CordonAnnotation] = by },
            },
            ["spec"] = new Dictionary<string, object?> { ["unschedulable"] = unschedulable },
        };
        var body = new V1Patch(System.Text.Json.JsonSerializer.Serialize(patch), V1Patch.PatchType.MergePatch);
        return KubernetesCall.RepeatAsync(
            connection,
            $"{(unschedulable == true ? "cordon" : "uncordon")} the node '{node}'",
            node,
            (api, ct) => api.CoreV1.PatchNodeAsync(body, node, cancellationToken: ct),
            cancellationToken
        );
    }

    private static bool IsBound(V1Pod pod) =>
        pod.Metadata.Annotations?.ContainsKey(MirrorAnnotation) == true
        || pod.Metadata.OwnerReferences?.Any(o => o.Controller == true && o.Kind is "DaemonSet" or "Node") == true;

    private static bool HasController(V1Pod pod) =>
        pod.Metadata.OwnerReferences?.Any(o => o.Controller == true) == true;

    private static bool IsFinished(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    private static string Identity(V1Pod pod) => $"{pod.Metadata.NamespaceProperty}/{pod.Metadata.Name}";
}
