using System.Net;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Core.Rollout;

/// <summary>Tells by identity at which address a node lives, whatever it is called.</summary>
public sealed class AddressDriftFinder
{
    private readonly TalosClient _client;
    private readonly IReadOnlyList<KubernetesNodeState> _kubernetes;
    private readonly DeviceInventory? _inventory;
    private readonly IReporter _reporter;

    /// <summary>Prepares for one cluster.</summary>
    /// <param name="client">Its Talos API.</param>
    /// <param name="kubernetes">Its Kubernetes nodes; none when Kubernetes cannot be asked.</param>
    /// <param name="inventory">The inventory, in which no other node may have the new address; null for none.</param>
    /// <param name="reporter">Told what was found.</param>
    public AddressDriftFinder(
        TalosClient client,
        IReadOnlyList<KubernetesNodeState> kubernetes,
        DeviceInventory? inventory,
        IReporter reporter
    )
    {
        _client = client;
        _kubernetes = kubernetes;
        _inventory = inventory;
        _reporter = reporter;
    }

    /// <summary>Finds out where a node is.</summary>
    /// <param name="node">The node.</param>
    /// <param name="oldAddress">The address that is no longer true; null for the inventory's.</param>
    /// <param name="newAddress">The address that is, where the user knows; null to find it.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The drift; null when the node lives at its address and no other old one was given.</returns>
    /// <exception cref="TsException">One of <see cref="AddressErrors"/> or <see cref="TalosErrors"/>.</exception>
    public async Task<AddressDrift?> FindAsync(
        TsNode node,
        string? oldAddress,
        string? newAddress,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        IReadOnlyList<TalosMember> members = await ClusterMachines
            .ReadAsync(_client, _ => Task.FromResult(_kubernetes), cancellation)
            .ConfigureAwait(false);
        string old = oldAddress ?? node.Address;
        (TalosMember? member, IdentityEvidence evidence) = Recognise(node, members, newAddress);
        if (member is null && newAddress is null)
        {
            throw AddressErrors.NodeNotRecognised.New(
                $"'{node.Name}' is not at '{node.Address}', and {Unknown(members)}.",
                node.Name
            );
        }

        bool keptOwn =
            !Same(node.Address, old) && member?.Addresses.Any(address => Same(address, node.Address)) == true;
        TailnetAddresses tailnet = await _client.Node(null).TailnetAddressesAsync(cancellation).ConfigureAwait(false);
        string now = newAddress ?? (keptOwn ? node.Address : Nearest(member!.Addresses, old, tailnet) ?? node.Address);
        if (Same(now, old))
            return null;
        RefuseForeign(node, now);
        TalosNodeClient live = _client.Node(now, node.Name);
        string? identity = await live.NodeIdAsync(cancellation).ConfigureAwait(false);
        if (
            (node.NodeId ?? (evidence == IdentityEvidence.Given ? null : member?.NodeId)) is { } expected
            && identity != expected
        )
        {
            throw AddressErrors.AddressOfAnotherMachine.New(
                $"The machine at '{now}' has the identity '{identity}'; '{expected}' was expected of '{node.Name}'.",
                node.Name
            );
        }

        string? newName = await live.NodenameAsync(cancellation).ConfigureAwait(false);
        TalosMember? taker = members.FirstOrDefault(one =>
            one.NodeId != identity && one.Addresses.Any(address => Same(address, old))
        );
        var drift = new AddressDrift
        {
            Node = node,
            OldAddress = old,
            NewAddress = now,
            OldName = OldName(node, old, newName),
            NewName = newName,
            NodeId = identity,
            Evidence = evidence,
            OldAddressTakenBy = taker?.Hostname,
        };
        _reporter.Verbose(
            $"{node.Name}: lives at {now} and not at {old}, by {Words(evidence)} (identity {identity}, Kubernetes node '{newName}')."
        );
        return drift;
    }

    private (TalosMember? Member, IdentityEvidence Evidence) Recognise(
        TsNode node,
        IReadOnlyList<TalosMember> members,
        string? newAddress
    )
    {
        TalosMember? atNew = newAddress is null ? null : At(members, newAddress);
        if (node.NodeId is { } id && members.FirstOrDefault(one => one.NodeId == id) is { } known)
            return (known, IdentityEvidence.NodeId);
        if (ByMachine(node, members) is { } same)
            return (same, IdentityEvidence.MachineId);
        TalosMember? named = node.KubernetesName is null
            ? null
            : members.FirstOrDefault(one => IsNamed(one, node.KubernetesName));
        if (named is not null && (atNew is null || atNew == named))
            return (named, IdentityEvidence.Name);
        return (atNew ?? At(members, node.Address), IdentityEvidence.Given);
    }

    // The node object that nobody keeps up and the one of a live machine are of one machine when its machine id is the
    // same. The firmware's UUID is no proof: many boards leave the factory with one for all.
    private TalosMember? ByMachine(TsNode node, IReadOnlyList<TalosMember> members)
    {
        KubernetesNodeState? gone = _kubernetes.FirstOrDefault(one =>
            !one.Ready && (one.Name == node.KubernetesName || one.Addresses.Any(address => Same(address, node.Address)))
        );
        if (gone is null)
            return null;
        KubernetesNodeState? now = _kubernetes.FirstOrDefault(one =>
            one.Ready && one.Name != gone.Name && KubernetesNodeState.SameId(one.MachineId, gone.MachineId)
        );
        return now is null
            ? null
            : members.FirstOrDefault(one =>
                IsNamed(one, now.Name) || one.Addresses.Any(address => now.Addresses.Any(own => Same(own, address)))
            );
    }

    private string? OldName(TsNode node, string old, string? newName)
    {
        if (node.KubernetesName is { } written && written != newName)
            return written;
        string dashed = old.Replace('.', '-');
        return _kubernetes
            .FirstOrDefault(one =>
                one.Name != newName
                && (
                    one.Addresses.Any(address => Same(address, old))
                    || one.Name.EndsWith("-" + dashed, StringComparison.Ordinal)
                )
            )
            ?.Name
            ?? node.KubernetesName;
    }

    private void RefuseForeign(TsNode node, string now)
    {
        if (_inventory?.Nodes.FirstOrDefault(one => Same(one.Address, now) && one.Name != node.Name) is { } other)
        {
            throw AddressErrors.AddressOfAnotherMachine.New(
                $"'{now}' is the address of '{other.Name}' in '{_inventory.Folder}'; it cannot be that of '{node.Name}' too.",
                node.Name
            );
        }
    }

    // Of several addresses the one in the same network is meant, and never one of the tailnet.
    private static string? Nearest(IReadOnlyList<string> addresses, string old, TailnetAddresses tailnet)
    {
        if (!IPAddress.TryParse(old, out IPAddress? wanted))
            return addresses.Count == 0 ? null : addresses[0];
        byte[] bytes = wanted.GetAddressBytes();
        return addresses
            .Where(text =>
                !tailnet.Contains(text)
                && IPAddress.TryParse(text, out IPAddress? one)
                && one.AddressFamily == wanted.AddressFamily
            )
            .OrderByDescending(text => Text(text).AsSpan().CommonPrefixLength(bytes))
            .FirstOrDefault();

        static byte[] Text(string text) => IPAddress.Parse(text).GetAddressBytes();
    }

    private static TalosMember? At(IReadOnlyList<TalosMember> members, string address) =>
        members.FirstOrDefault(one => one.Addresses.Any(own => Same(own, address)));

    // A member's id is the name of its Kubernetes node; its host name is for people, and may have a domain.
    private static bool IsNamed(TalosMember member, string name) =>
        member.Id.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static bool Same(string left, string right) => NodeAddress.Same(left, right);

    private static string Unknown(IReadOnlyList<TalosMember> members) =>
        members.Count == 0
            ? "no machine of the cluster is known: discovery is off, and Kubernetes could not be asked"
            : $"none of {string.Join(", ", members.Select(one => $"'{one.Hostname}' ({string.Join(", ", one.Addresses)})"))} is known to be it";

    private static string Words(IdentityEvidence evidence) =>
        evidence switch
        {
            IdentityEvidence.NodeId => "its recorded identity",
            IdentityEvidence.MachineId => "its machine id in Kubernetes",
            IdentityEvidence.Name => "its name",
            _ => "its address",
        };
}
