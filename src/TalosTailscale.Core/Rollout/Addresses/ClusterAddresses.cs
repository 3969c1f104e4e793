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
        IReadOnlyList<TalosMember> machines = await MachinesAsync(cancellation).ConfigureAwait(false);
        IReadOnlyList<(TalosMember Machine, Fact<ulong> Id)> others = await EtcdMachines
            .AskAsync(client, machines.Where(machine => machine.NodeId != drift.NodeId), cancellation)
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
                                    ? $"'{silent.Hostname}' does not say which member it is, and it may be this one; if it is off for good, Remove-TalosEtcdMember -Force removes it."
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
                                .CheckRemovalAsync(
                                    any,
                                    member.Id,
                                    await MachinesAsync(stop).ConfigureAwait(false),
                                    force: false,
                                    reporter,
                                    stop
                                )
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
        IReadOnlyList<KubernetesNodeState> nodes = await KubernetesNodes
            .ListAsync(kubernetes, cancellation)
            .ConfigureAwait(false);
        IReadOnlyList<TalosMember> machines = await MachinesAsync(cancellation).ConfigureAwait(false);
        var found = new List<AddressChange>();
        foreach (KubernetesNodeState node in nodes)
        {
            string[] saying = [.. node.Addresses.Prepend(node.Name).Where(Says)];
            if (saying.Length == 0)
                continue;
            string? keeps = WhyKept(node, machines);
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
                            IsStale = keeps is null,
                            Note = keeps,
                        }),
                    ],
                    Repair = keeps is not null ? null : stop => DeleteAsync(node.Name, stop),
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
        IReadOnlyList<KubernetesNodeState> nodes = await KubernetesNodes
            .ListAsync(kubernetes!, cancellation)
            .ConfigureAwait(false);
        IReadOnlyList<TalosMember> machines = await MachinesAsync(cancellation).ConfigureAwait(false);
        if (nodes.FirstOrDefault(node => node.Name == name) is { } now && WhyKept(now, machines) is { } keeps)
            throw AddressErrors.KubernetesNodeAlive.New($"The Kubernetes node '{name}' is not deleted. {keeps}", name);
        await RefusePinnedAsync(kubernetes, [name], cancellation).ConfigureAwait(false);
        await KubernetesNodes.DeleteAsync(kubernetes!, name, cancellation).ConfigureAwait(false);
        reporter.Verbose($"Deleted the Kubernetes node '{name}'.");
    }

    // A name and an address may be another machine's by now: only the machine id says whose node it is.
    private string? WhyKept(KubernetesNodeState node, IReadOnlyList<TalosMember> machines)
    {
        if (node.Name == drift.NewName)
            return "The node as it is now: its kubelet reports its addresses, and its name is that of its machine configuration.";
        if (node.Ready)
            return "It is Ready, so a machine runs under this name.";
        if (drift.NodeId is { } own && TalosMachineId.Of(own) == node.MachineId)
            return null;
        if (machines.FirstOrDefault(one => TalosMachineId.Of(one.NodeId) == node.MachineId) is { } other)
            return $"It is '{other.Hostname}', by its machine id.";

        // A board that was installed anew has another id too, and the firmware's UUID is no proof: many boards share one.
        return $"It is another machine than '{drift.Node.Name}', by its machine id; 'kubectl delete node {node.Name}' deletes it where that is gone for good.";
    }

    private Task<IReadOnlyList<TalosMember>> MachinesAsync(CancellationToken cancellation) =>
        ClusterMachines.ReadAsync(client, kubernetes, cancellation);

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

    // Of a machine that does not answer the addresses are left.
    private static bool Is(TalosEtcdMember member, TalosMember machine, Fact<ulong> id) =>
        id.TryGet(out ulong own)
            ? own == member.Id
            : member.PeerUrls.Any(url => machine.Addresses.Any(address => NodeAddress.IsHostOf(url, address)));

    private bool Says(string text) =>
        text == drift.OldName && text != drift.NewName || AddressFinder.Contains(text, forms);
}
