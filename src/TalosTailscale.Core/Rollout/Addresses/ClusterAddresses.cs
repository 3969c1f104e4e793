using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Rollout;

/// <summary>Members of etcd and nodes of Kubernetes that still say an old address.</summary>
internal sealed class ClusterAddresses(
    AddressDrift drift,
    AddressForms forms,
    TalosClient client,
    KubernetesConnection? kubernetes,
    IReporter reporter
)
{
    /// <summary>The members of etcd. The node's own member is Talos's to correct, when its etcd starts.</summary>
    internal async Task<IReadOnlyList<AddressChange>> EtcdAsync(CancellationToken cancellation)
    {
        TalosNodeClient any = client.Node(null);
        ulong? own = await OwnMemberAsync(cancellation).ConfigureAwait(false);
        IReadOnlyList<TalosMember> machines = await ClusterMachines
            .ReadAsync(client, kubernetes, cancellation)
            .ConfigureAwait(false);
        IReadOnlyList<(TalosMember Machine, Fact<ulong> Id)> others = await OthersAsync(machines, cancellation)
            .ConfigureAwait(false);
        var found = new List<AddressChange>();
        foreach (TalosEtcdMember member in await any.EtcdMemberListAsync(cancellation).ConfigureAwait(false))
        {
            string[] saying = [.. member.PeerUrls.Concat(member.ClientUrls).Prepend(member.Hostname).Where(Says)];
            if (saying.Length == 0)
                continue;
            TalosMember? other = others.FirstOrDefault(one => Is(member, one.Machine, one.Id)).Machine;
            TalosMember? silent = others.FirstOrDefault(one => one.Id.Loss is not null).Machine;
            bool stale = member.Id != own && other is null && silent is null && machines.Count > 0;
            found.Add(
                new AddressChange
                {
                    Place = TsAddressPlace.EtcdMember,
                    Target = $"etcd member {member.IdHex}",
                    Action = $"Remove the etcd member '{member.Hostname}' ({string.Join(", ", member.PeerUrls)})",
                    References =
                    [
                        .. saying.Select(text => new TsAddressReference
                        {
                            Node = drift.Node.Name,
                            Place = TsAddressPlace.EtcdMember,
                            Source = $"etcd member {member.IdHex}",
                            Old = text,
                            Text = $"{member.Hostname} {string.Join(", ", member.PeerUrls)}",
                            IsStale = stale,
                            Note =
                                stale ? null
                                : other is not null ? $"It is '{other.Hostname}', which lives."
                                : member.Id != own && silent is not null
                                    ? $"'{silent.Hostname}' does not say which member it is, and it may be this one."
                                : member.Id != own
                                    ? "No machine of the cluster is known, and one may be this member: discovery is off, and Kubernetes was not asked."
                                : "The node's own member: Talos corrects it when etcd starts on the node.",
                        }),
                    ],
                    Repair = !stale
                        ? null
                        : async stop =>
                        {
                            TalosEtcdMember dead = await EtcdQuorum
                                .CheckRemovalAsync(any, member.Id, reporter, stop)
                                .ConfigureAwait(false);
                            await any.EtcdRemoveMemberAsync(dead.Id, stop).ConfigureAwait(false);
                            reporter.Verbose($"Removed the etcd member '{dead.Hostname}' ({dead.IdHex}).");
                        },
                }
            );
        }

        return found;
    }

    /// <summary>The nodes of Kubernetes.</summary>
    internal async Task<IReadOnlyList<AddressChange>> KubernetesAsync(CancellationToken cancellation)
    {
        if (kubernetes is null)
            return [];
        var found = new List<AddressChange>();
        foreach (
            KubernetesNodeState node in await KubernetesNodes.ListAsync(kubernetes, cancellation).ConfigureAwait(false)
        )
        {
            string[] saying = [.. node.Addresses.Prepend(node.Name).Where(Says)];
            if (saying.Length == 0)
                continue;
            bool stale = !node.Ready && node.Name != drift.NewName;
            string state = node.Ready ? "Ready" : node.NotReadyReason ?? "NotReady";
            found.Add(
                new AddressChange
                {
                    Place = TsAddressPlace.KubernetesNode,
                    Target = $"Kubernetes node {node.Name}",
                    Action = $"Delete the Kubernetes node '{node.Name}' ({string.Join(", ", node.Addresses)}; {state})",
                    References =
                    [
                        .. saying.Select(text => new TsAddressReference
                        {
                            Node = drift.Node.Name,
                            Place = TsAddressPlace.KubernetesNode,
                            Source = $"Kubernetes node {node.Name}",
                            Old = text,
                            Text = state,
                            IsStale = stale,
                            Note =
                                stale ? null
                                : node.Name == drift.NewName
                                    ? "The node as it is now: its kubelet reports its addresses, and its name is that of its machine configuration."
                                : "It is Ready, so a machine runs under this name.",
                        }),
                    ],
                    Repair = !stale ? null : stop => DeleteAsync(node.Name, stop),
                }
            );
        }

        return found;
    }

    /// <summary>Refuses when something is bound to a name that would go.</summary>
    internal static async Task RefusePinnedAsync(
        KubernetesConnection? kubernetes,
        IEnumerable<string> names,
        CancellationToken cancellation
    )
    {
        if (kubernetes is null)
            throw AddressErrors.KubernetesNotAsked.New(
                "Whether volumes are bound to the name could not be asked of Kubernetes.",
                null
            );
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            IReadOnlyList<string> pins = await NodePins.FindAsync(kubernetes, name, cancellation).ConfigureAwait(false);
            if (pins.Count > 0)
            {
                throw AddressErrors.VolumesPinned.New(
                    $"{string.Join(", ", pins.Take(5).Select(pin => $"'{pin}'"))}{(pins.Count > 5 ? $" and {pins.Count - 5} more" : "")} "
                        + $"{(pins.Count == 1 ? "is" : "are")} bound to the name '{name}'.",
                    name
                );
            }
        }
    }

    private async Task DeleteAsync(string name, CancellationToken cancellation)
    {
        KubernetesNodeState now = await KubernetesNodes.GetAsync(kubernetes!, name, cancellation).ConfigureAwait(false);
        if (now.Ready)
            throw AddressErrors.KubernetesNodeAlive.New($"The Kubernetes node '{name}' is Ready.", name);
        await RefusePinnedAsync(kubernetes, [name], cancellation).ConfigureAwait(false);
        await KubernetesNodes.DeleteAsync(kubernetes!, name, cancellation).ConfigureAwait(false);
        reporter.Verbose($"Deleted the Kubernetes node '{name}'.");
    }

    private async Task<ulong?> OwnMemberAsync(CancellationToken cancellation)
    {
        try
        {
            return (
                await client.Node(drift.NewAddress, drift.Node.Name).EtcdStatusAsync(cancellation).ConfigureAwait(false)
            ).MemberId;
        }
        catch (TsException e)
            when (e.Error == TalosErrors.TalosNotControlPlane || e.Error == TalosErrors.TalosUnimplemented)
        {
            // A worker has no member.
            return null;
        }
    }

    // Which member each other control plane is, as it says itself.
    private async Task<IReadOnlyList<(TalosMember Machine, Fact<ulong> Id)>> OthersAsync(
        IReadOnlyList<TalosMember> machines,
        CancellationToken cancellation
    )
    {
        var found = new List<(TalosMember, Fact<ulong>)>();
        foreach (TalosMember machine in machines)
        {
            if (machine.NodeId == drift.NodeId || machine.MachineType == "worker" || machine.Addresses.Count == 0)
                continue;
            TalosNodeClient node = client.Node(machine.Addresses[0], machine.Hostname);
            Fact<ulong> id = await Fact.AskPeerAsync("The etcd member", async () =>
                    await node.EtcdMemberIdAsync(cancellation).ConfigureAwait(false) ?? 0
                )
                .ConfigureAwait(false);
            found.Add((machine, id));
        }

        return found;
    }

    // Of a machine that does not answer the addresses are left.
    private static bool Is(TalosEtcdMember member, TalosMember machine, Fact<ulong> id) =>
        id.TryGet(out ulong own)
            ? own == member.Id
            : member.PeerUrls.Any(url => machine.Addresses.Any(address => NodeAddress.IsHostOf(url, address)));

    private bool Says(string text) =>
        text == drift.OldName && text != drift.NewName || AddressFinder.Contains(text, forms);
}
