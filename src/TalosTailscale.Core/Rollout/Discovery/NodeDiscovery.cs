using System.Collections.Concurrent;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Core.Rollout;

/// <summary>Proposes entries of <c>devices/</c> from a running cluster.</summary>
public static class NodeDiscovery
{
    /// <summary>Asks every member of the cluster.</summary>
    /// <param name="client">The cluster's Talos API.</param>
    /// <param name="inventory">The inventory whose names are kept; null for none.</param>
    /// <param name="parallel">How many nodes are asked at once.</param>
    /// <param name="failed">Told of each node that could not be asked; the others go on.</param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The proposals by name.</returns>
    /// <exception cref="TsException">The members could not be listed.</exception>
    public static async Task<IReadOnlyList<TsNodeProposal>> RunAsync(
        TalosClient client,
        DeviceInventory? inventory,
        int parallel,
        Func<TsException, string, Task> failed,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(client);
        IReadOnlyList<TalosMember> members = await client.Node(null).MembersAsync(cancellation).ConfigureAwait(false);
        reporter.Verbose(
            $"The cluster has {members.Count} members: {string.Join(", ", members.Select(one => one.Hostname))}."
        );
        TailnetAddresses tailnet = await client.Node(null).TailnetAddressesAsync(cancellation).ConfigureAwait(false);
        var found = new ConcurrentBag<NodeFacts>();
        int asked = 0;
        var limit = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation };
        await Parallel
            .ForEachAsync(members, limit, async (member, stop) =>
            {
                if (tailnet.FirstOfLan(member.Addresses) is not { } address)
                    return;
                try
                {
                    found.Add(
                        await NodeFacts
                            .ReadAsync(client.Node(address, member.Hostname), member, address, stop)
                            .ConfigureAwait(false)
                    );
                }
                catch (TsException e)
                {
                    await failed(e, member.Hostname).ConfigureAwait(false);
                }

                reporter.Progress(
                    new ProgressStep(
                        "Asking nodes",
                        null,
                        "asked",
                        Interlocked.Increment(ref asked),
                        members.Count,
                        Unit: "nodes"
                    )
                );
            })
            .ConfigureAwait(false);
        return Propose([.. found], inventory);
    }

    internal static IReadOnlyList<TsNodeProposal> Propose(IReadOnlyList<NodeFacts> nodes, DeviceInventory? inventory)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var proposals = new List<TsNodeProposal>();

        // Names of the inventory first: nobody else may take them.
        foreach (
            (NodeFacts node, TsNode? known) in nodes
                .Select(node => (node, Known(node, inventory)))
                .OrderBy(pair => pair.Item2 is null)
                .ThenBy(pair => pair.node.Member.Hostname, StringComparer.Ordinal)
        )
        {
            string host = node.Member.Hostname.Split('.')[0];
            string name = new[] { known?.Name, node.TailnetName, host }.FirstOrDefault(one =>
                HostName.IsFolder(one) && !taken.Contains(one!)
            )
                ?? "node-" + node.Address.Replace('.', '-').Replace(':', '-');
            taken.Add(name);
            proposals.Add(Proposal(node, name, known));
        }

        return [.. proposals.OrderBy(one => one.Name, StringComparer.Ordinal)];
    }

    private static TsNodeProposal Proposal(NodeFacts node, string name, TsNode? known)
    {
        TsActivation activation =
            known is { Activation: not TsActivation.Auto } ? known.Activation
            : node.Version.Architecture == TalosArchitecture.Arm64
            && node.BootedWithUki == true
            && node.EspDevice is not null
                ? TsActivation.UkiSwap
            : TsActivation.Upgrade;
        var proposal = new TsNodeProposal
        {
            Name = name,
            Address = node.Address,
            Architecture = node.Version.Architecture,
            KubernetesName = node.KubernetesName,
            Activation = activation,
            NodeId = node.NodeId,
            MachineType = node.Member.MachineType,
            TalosVersion = node.Version.Tag,
            BootedWithUki = node.BootedWithUki,
            EspDevice = node.EspDevice,
            IsKnown = known is not null,
        };
        return proposal with { Files = NodeFiles.Of(proposal, node) };
    }

    private static TsNode? Known(NodeFacts node, DeviceInventory? inventory) =>
        inventory is null
            ? null
            : inventory.Nodes.FirstOrDefault(one => one.NodeId is not null && one.NodeId == node.NodeId)
                ?? inventory.Nodes.FirstOrDefault(one =>
                    one.NodeId is null
                    && (
                        one.Address == node.Address
                        || (one.KubernetesName is not null && one.KubernetesName == node.KubernetesName)
                    )
                );
}
