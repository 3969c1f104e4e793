using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>The checks of Kubernetes: nodes, pods, pulls.</summary>
internal static class ClusterChecks
{
    public static async Task<CheckResult> NodeAsync(ClusterFacts facts, TsNode node)
    {
        if (await facts.FindAsync(node).ConfigureAwait(false) is not { } found)
            return CheckResult.Fail(
                Causes.KubernetesNodeMissing,
                $"Kubernetes has neither a node '{node.KubernetesName ?? node.Name}' nor one with {node.Address}"
            );
        var text =
            $"'{found.Name}' {string.Join(", ", found.Addresses)}, kubelet {found.KubeletVersion}, {found.OsImage}";
        if (node.KubernetesName is { } name && found.Name != name)
            return CheckResult.Fail(Causes.NodeNameDrift, $"{text}; the inventory says '{name}'");
        var range = await facts.TailnetAsync().ConfigureAwait(false);
        if (found.Addresses.FirstOrDefault(range.Contains) is { } tailnet)
            return CheckResult.Fail(Causes.NodeAddressInTailnet, $"{text}; {tailnet} is of the tailnet");
        if (System.Net.IPAddress.TryParse(node.Address, out _) && !found.Addresses.Contains(node.Address))
            return CheckResult.Fail(Causes.NodeAddressDrift, $"{text}; the inventory says {node.Address}");
        if (!found.Ready)
            return CheckResult.Fail(Causes.KubernetesNodeNotReady, $"{text}; {found.NotReadyReason}");
        return found.Unschedulable
            ? CheckResult.Warn(Causes.KubernetesNodeCordoned, $"{text}, cordoned")
            : CheckResult.Pass($"{text}, Ready");
    }

    public static async Task<CheckResult> SameClusterAsync(ClusterFacts facts)
    {
        try
        {
            return CheckResult.Pass(await facts.ProofAsync().ConfigureAwait(false));
        }
        catch (TsException e) when (e.Error == KubernetesErrors.ClustersDiffer)
        {
            return CheckResult.Fail(Causes.ClustersDiffer, e.Message);
        }
    }

    public static async Task<CheckResult> StaleNodesAsync(ClusterFacts facts)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in facts.Options.Nodes)
            if (await facts.FindAsync(node).ConfigureAwait(false) is { } found)
                known.Add(found.Name);
        KubernetesNodeState[] strangers =
        [
            .. (await facts.NodesAsync().ConfigureAwait(false)).Where(node => !known.Contains(node.Name)),
        ];
        var stale = strangers.Where(node => !node.Ready).ToList();
        if (stale.Count > 0)
            return CheckResult.Fail(
                Causes.KubernetesNodeStale,
                $"not Ready and not in the inventory: {string.Join(", ", stale.Select(node => node.Name))}"
            );
        return strangers.Length > 0
            ? CheckResult.Warn(
                Causes.KubernetesNodeUnknown,
                $"not in the inventory: {string.Join(", ", strangers.Select(node => node.Name))}"
            )
            : CheckResult.Pass($"{known.Count} nodes, all of the inventory");
    }

    public static async Task<CheckResult> RegistryPodsAsync(ClusterFacts facts)
    {
        var ns = facts.Options.RegistryNamespace;
        var pods = await KubernetesPods
            .ListAsync(await facts.ConnectionAsync().ConfigureAwait(false), ns, facts.Cancellation)
            .ConfigureAwait(false);
        if (pods.Count == 0)
            return CheckResult.NothingToLookAt($"the namespace '{ns}' has no pods");
        return pods.FirstOrDefault(pod => !pod.Ready) is { } bad
            ? CheckResult.Fail(
                Causes.RegistryPodNotReady,
                $"{bad.Name} on '{bad.NodeName}': {bad.Reason}; {pods.Count(pod => pod.Ready)} of {pods.Count} are ready"
            )
            : CheckResult.Pass(
                $"{pods.Count} of {pods.Count} ready: {string.Join(", ", pods.Select(pod => $"{pod.Name} on {pod.NodeName}"))}"
            );
    }

    public static async Task<CheckResult> PodPullAsync(ClusterFacts facts, TsNode node, Reporting.IReporter reporter)
    {
        if (facts.Options.RegistryImage is not { } image)
            return CheckResult.NothingToLookAt("no -RegistryImage was given");
        if (await facts.FindAsync(node).ConfigureAwait(false) is not { } found)
            return CheckResult.Skip("Kubernetes does not know the node");
        var pull = await PullPod
            .RunAsync(
                await facts.ConnectionAsync().ConfigureAwait(false),
                found.Name,
                facts.Options.PodNamespace,
                image,
                facts.Options.PullTimeout,
                reporter,
                facts.Cancellation
            )
            .ConfigureAwait(false);
        return pull.Pulled
            ? CheckResult.Pass(
                FormattableString.Invariant($"a pod pulled '{image}' in {pull.Duration.TotalSeconds:0.0} s")
            )
            : CheckResult.Fail(PullChecks.CauseOf(pull.Message), pull.Message);
    }
}
