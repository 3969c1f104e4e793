using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Core.Rollout;

/// <summary>
/// The machines of a cluster. Discovery's members say who they are; where discovery is off, there are the nodes of
/// Kubernetes, and each is asked for its identity.
/// </summary>
internal static class ClusterMachines
{
    private const int Parallel = 32;

    /// <summary>Finds them.</summary>
    /// <param name="client">The cluster's Talos API.</param>
    /// <param name="kubernetes">Gives the nodes of Kubernetes; asked only without discovery. None where it cannot be asked.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The machines; the identity is empty of one that does not answer. None: nobody knows them.</returns>
    internal static async Task<IReadOnlyList<TalosMember>> ReadAsync(
        TalosClient client,
        Func<CancellationToken, Task<IReadOnlyList<KubernetesNodeState>>> kubernetes,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<TalosMember> members = await client.Node(null).MembersAsync(cancellation).ConfigureAwait(false);
        if (members.Count > 0)
            return members;
        IReadOnlyList<KubernetesNodeState> nodes = await kubernetes(cancellation).ConfigureAwait(false);
        var machines = new TalosMember[nodes.Count];
        var limit = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation };
        await System
            .Threading.Tasks.Parallel.ForAsync(0, nodes.Count, limit, async (i, stop) =>
            {
                machines[i] = await MachineAsync(client, nodes[i], stop).ConfigureAwait(false);
            })
            .ConfigureAwait(false);

        // The object that a machine left behind under its earlier name is no other machine.
        return
        [
            .. machines.Where(
                (one, i) =>
                    one.NodeId.Length > 0
                    || !nodes
                        .Where((other, j) => machines[j].NodeId.Length > 0 && other.MachineId == nodes[i].MachineId)
                        .Any()
            ),
        ];
    }

    /// <summary>Finds them.</summary>
    /// <param name="client">The cluster's Talos API.</param>
    /// <param name="kubernetes">The cluster's Kubernetes; null where it cannot be asked.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The machines.</returns>
    internal static Task<IReadOnlyList<TalosMember>> ReadAsync(
        TalosClient client,
        KubernetesConnection? kubernetes,
        CancellationToken cancellation
    ) =>
        ReadAsync(
            client,
            async stop =>
                kubernetes is null ? [] : await KubernetesNodes.ListAsync(kubernetes, stop).ConfigureAwait(false),
            cancellation
        );

    private static async Task<TalosMember> MachineAsync(
        TalosClient client,
        KubernetesNodeState node,
        CancellationToken cancellation
    ) =>
        new()
        {
            Node = node.Name,
            Id = node.Name,
            Hostname = node.Name,
            NodeId = await IdentityAsync(client, node, cancellation).ConfigureAwait(false) ?? "",
            Addresses = node.Addresses,
            MachineType = node.ControlPlane ? "controlplane" : "worker",
        };

    // The address may be another machine's by now: only who has the machine id is it.
    private static async Task<string?> IdentityAsync(
        TalosClient client,
        KubernetesNodeState node,
        CancellationToken cancellation
    )
    {
        // A LAN may lie in the range of tailnets, too, so those addresses are tried last rather than left out.
        foreach (string address in node.Addresses.OrderBy(TailnetRange.Contains))
        {
            try
            {
                string? id = await client.Node(address, node.Name).NodeIdAsync(cancellation).ConfigureAwait(false);
                if (id is not null && TalosMachineId.Of(id) == node.MachineId)
                    return id;
            }
            catch (TsException)
            {
                // It does not answer there; when it answers nowhere, that is what an empty identity says.
            }
        }

        return null;
    }
}
