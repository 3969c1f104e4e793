using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Proves that Talos and Kubernetes speak of the same machines, before what the one says is done by the other. Names and
/// addresses prove nothing: two clusters may have the same. The identity of a machine is 32 random bytes that Talos makes
/// once, that its members know of each other, and of which the kubelet reports a part as machine id.
/// </summary>
public static class SameCluster
{
    /// <summary>Refuses two clusters.</summary>
    /// <param name="talos">The Talos API.</param>
    /// <param name="kubernetes">The Kubernetes API.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What proves it, in a few words.</returns>
    /// <exception cref="TsException">ClustersDiffer, ClustersNotCompared, or one of the two cannot be asked.</exception>
    public static async Task<string> RequireAsync(
        TalosClient talos,
        KubernetesConnection kubernetes,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(talos);
        ArgumentNullException.ThrowIfNull(kubernetes);
        TalosNodeClient endpoint = talos.Node(null);
        IReadOnlyList<KubernetesNodeState> nodes = await KubernetesNodes
            .ListAsync(kubernetes, cancellationToken)
            .ConfigureAwait(false);
        HashSet<string> machines = await MachinesAsync(endpoint, cancellationToken).ConfigureAwait(false);
        KubernetesNodeState[] known = [.. nodes.Where(node => machines.Contains(node.MachineId))];
        if (known.FirstOrDefault(node => node.Ready) is { } ready)
            return $"'{ready.Name}' has the machine id {ready.MachineId} in both";

        // The node object of a machine that has moved to another cluster stays behind, never Ready again.
        (string? boot, string? why) = await BootAsync(endpoint, cancellationToken).ConfigureAwait(false);
        if (nodes.FirstOrDefault(node => boot is not null && SameId(node.BootId, boot)) is { } booted)
            return $"'{booted.Name}' has the boot id {booted.BootId} in both";
        string where = $"'{kubernetes.Server}' (context '{kubernetes.Context}' of '{kubernetes.Source}')";
        string whose = $"'{talos.Context.Name}' of '{talos.Context.Source}'";
        if (known.Length > 0 && boot is null)
        {
            throw KubernetesErrors.ClustersNotCompared.New(
                $"The Kubernetes cluster at {where} and the Talos cluster {whose} share only nodes that are not Ready "
                    + $"('{string.Join("', '", known.Select(node => node.Name))}'), and the boot id could not be compared: {why}",
                kubernetes.Server
            );
        }

        throw machines.Count > 0
            ? KubernetesErrors.ClustersDiffer.New(
                $"The Kubernetes cluster at {where} has none of the {machines.Count} machines of the Talos cluster {whose}; "
                    + "expected to find their machine ids among its nodes.",
                kubernetes.Server
            )
            : KubernetesErrors.ClustersNotCompared.New(
                $"Talos names no machine of the cluster {whose}, so it cannot be compared with the Kubernetes cluster at {where}.",
                kubernetes.Server
            );
    }

    /// <summary>Refuses a Kubernetes node that is another machine than the one that Talos answers for.</summary>
    /// <param name="node">The machine.</param>
    /// <param name="kubernetes">The Kubernetes API.</param>
    /// <param name="name">Name of the Kubernetes node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The node, as Kubernetes has it.</returns>
    /// <exception cref="TsException">KubernetesNodeDiffers, KubernetesNodeNotFound, or one of the two cannot be asked.</exception>
    public static async Task<KubernetesNodeState> RequireNodeAsync(
        TalosNodeClient node,
        KubernetesConnection kubernetes,
        string name,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        KubernetesNodeState state = await KubernetesNodes
            .GetAsync(kubernetes, name, cancellationToken)
            .ConfigureAwait(false);
        string? machine = await MachineAsync(node, cancellationToken).ConfigureAwait(false);
        return machine is not null && SameId(machine, state.MachineId)
            ? state
            : throw KubernetesErrors.KubernetesNodeDiffers.New(
                $"The Kubernetes node '{name}' has the machine id '{state.MachineId}'; '{node.Node}' has "
                    + $"'{machine ?? "none"}' by its identity.",
                name
            );
    }

    /// <summary>The machine id that a node's kubelet reports, by the node's identity; null where it has none.</summary>
    internal static async Task<string?> MachineAsync(TalosNodeClient node, CancellationToken cancellationToken) =>
        await node.NodeIdAsync(cancellationToken).ConfigureAwait(false) is { } id ? TalosMachineId.Of(id) : null;

    private static async Task<HashSet<string>> MachinesAsync(
        TalosNodeClient endpoint,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<TalosMember> members = await endpoint.MembersAsync(cancellationToken).ConfigureAwait(false);
        var machines = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (string? id in members.Select(member => TalosMachineId.Of(member.NodeId)))
            if (id is not null)
                machines.Add(id);
        if (await MachineAsync(endpoint, cancellationToken).ConfigureAwait(false) is { } own)
            machines.Add(own);
        return machines;
    }

    private static async Task<(string? Id, string? Why)> BootAsync(
        TalosNodeClient endpoint,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (await endpoint.BootIdAsync(cancellationToken).ConfigureAwait(false), null);
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosRoleMissing)
        {
            return (null, e.Message);
        }
    }

    private static bool SameId(string left, string right) =>
        left.Length > 0 && left.Equals(right, StringComparison.OrdinalIgnoreCase);
}
