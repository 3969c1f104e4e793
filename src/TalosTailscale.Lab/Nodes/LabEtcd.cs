namespace TalosTailscale.Lab;

/// <summary>A member of the lab's etcd.</summary>
/// <param name="Id">Its id, 64 bits.</param>
/// <param name="Hostname">Its name.</param>
/// <param name="PeerUrl">Where its peers reach it.</param>
/// <param name="ClientUrl">Where clients reach it.</param>
public sealed record LabEtcdMember(ulong Id, string Hostname, string PeerUrl, string ClientUrl)
{
    /// <summary>Whether it has no vote yet: it counts neither for the quorum nor against it.</summary>
    public bool IsLearner { get; init; }

    /// <summary>Where its peers reach it besides.</summary>
    public IReadOnlyList<string> OtherPeerUrls { get; init; } = [];

    /// <summary>What its own etcd says in place of the id and of whether it learns, where that differs from the list.</summary>
    public (ulong Id, bool IsLearner)? OwnWord { get; init; }
}

/// <summary>The etcd cluster of the lab's control planes: its member list, and who leads.</summary>
public sealed class LabEtcd
{
    private readonly Lock _lock = new();
    private readonly LabCluster _cluster;
    private readonly List<LabEtcdMember> _members = [];
    private readonly Dictionary<string, ulong> _memberOfNode = new(StringComparer.Ordinal);
    private ulong _leader;

    internal LabEtcd(LabCluster cluster) => _cluster = cluster;

    /// <summary>The members, dead ones too.</summary>
    public IReadOnlyList<LabEtcdMember> Members
    {
        get
        {
            lock (_lock)
                return [.. _members];
        }
    }

    /// <summary>The leader's id; 0 while there is no quorum.</summary>
    public ulong Leader
    {
        get
        {
            lock (_lock)
            {
                var alive = _cluster.Nodes.Where(IsAliveVoter).Select(n => _memberOfNode[n.Name]).ToList();
                if (alive.Count <= _members.Count(m => !m.IsLearner) / 2)
                    return 0;
                return _leader = alive.Contains(_leader) ? _leader : alive[0];
            }
        }
    }

    /// <summary>The alarms that are raised, each by the id of its member.</summary>
    internal IEnumerable<(ulong Id, string Alarm)> Alarms =>
        _cluster
            .Nodes.Where(node => node.Faults.Has(LabFault.EtcdAlarm))
            .Select(node => (MemberOf(node)?.Id ?? 0, node.Faults.Value(LabFault.EtcdAlarm) ?? "NOSPACE"));

    /// <summary>Adds a member that no node is, as a machine leaves behind that came back under another identity.</summary>
    /// <param name="hostname">Its name.</param>
    /// <param name="address">Its address.</param>
    /// <returns>The member.</returns>
    public LabEtcdMember AddStaleMember(string hostname, string address)
    {
        var member = NewMember(Nodes.LabIds.MemberId(), hostname, address);
        lock (_lock)
            _members.Add(member);
        return member;
    }

    /// <summary>Changes what is listed of a member.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="change">From what it is to what it is to be.</param>
    public void Change(ulong id, Func<LabEtcdMember, LabEtcdMember> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        lock (_lock)
        {
            var at = _members.FindIndex(member => member.Id == id);
            _members[at] = change(_members[at]);
        }
    }

    /// <summary>The member that a node is; null when it is none.</summary>
    /// <param name="node">The node.</param>
    /// <returns>The member.</returns>
    public LabEtcdMember? MemberOf(LabNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        lock (_lock)
            return _memberOfNode.TryGetValue(node.Name, out var id) ? _members.Find(m => m.Id == id) : null;
    }

    /// <summary>The node that a member is; null for a stale one.</summary>
    internal LabNode? NodeOf(ulong id)
    {
        lock (_lock)
            return _cluster.Nodes.FirstOrDefault(n => _memberOfNode.TryGetValue(n.Name, out var own) && own == id);
    }

    // A node whose name or address changed keeps its id while its data directory is intact.
    internal void Joined(LabNode node)
    {
        if (!node.IsControlPlane)
            return;
        lock (_lock)
        {
            var known = _memberOfNode.TryGetValue(node.Name, out var id) && _members.Exists(m => m.Id == id);
            if (!known)
                id = Nodes.LabIds.MemberId();
            _memberOfNode[node.Name] = id;
            var isLearner = known ? _members.Find(m => m.Id == id)!.IsLearner : node.Options.IsLearner;
            _members.RemoveAll(m => m.Id == id);
            var member = NewMember(id, node.Hostname, Nodes.LabNodeAddresses.Etcd(node));
            _members.Add(member with { IsLearner = isLearner });
        }
    }

    /// <summary>Makes a voter of a learner, as etcd does once it has caught up.</summary>
    internal void Promote(LabNode node)
    {
        lock (_lock)
        {
            var at = _members.FindIndex(m => m.Id == _memberOfNode[node.Name]);
            _members[at] = _members[at] with { IsLearner = false };
        }
    }

    internal bool Remove(ulong id)
    {
        lock (_lock)
            return _members.RemoveAll(m => m.Id == id) > 0;
    }

    /// <summary>Hands leadership to another live member; its name, or empty when the node did not lead.</summary>
    internal string Forfeit(LabNode node)
    {
        lock (_lock)
        {
            if (MemberOf(node)?.Id != Leader)
                return "";
            var next = _cluster.Nodes.FirstOrDefault(n => n != node && IsAliveVoter(n));
            if (next is null)
                return "";
            _leader = _memberOfNode[next.Name];
            return next.Hostname;
        }
    }

    private bool IsAliveVoter(LabNode node) =>
        node.IsControlPlane
        && node.Services["etcd"]?.State == "Running"
        && _memberOfNode.TryGetValue(node.Name, out var id)
        && _members.Exists(m => m.Id == id && !m.IsLearner);

    private static LabEtcdMember NewMember(ulong id, string hostname, string address) =>
        new(id, hostname, $"https://{Host(address)}:2380", $"https://{Host(address)}:2379");

    private static string Host(string address) => Nodes.LabNodeAddresses.Bracketed(address);
}
