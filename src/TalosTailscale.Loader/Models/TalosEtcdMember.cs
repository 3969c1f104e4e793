namespace TalosTailscale;

/// <summary>A member of the etcd cluster.</summary>
public sealed record TalosEtcdMember
{
    /// <summary>The control plane node that was asked.</summary>
    public required string Node { get; init; }

    /// <summary>The member's id. All 64 bits count: never let it become a floating-point number.</summary>
    public required ulong Id { get; init; }

    /// <summary>The id as etcd and talosctl print it: 16 hexadecimal digits.</summary>
    public string IdHex => Id.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The member's name, which is the node's host name when it joined.</summary>
    public required string Hostname { get; init; }

    /// <summary>Where the other members reach it.</summary>
    public IReadOnlyList<string> PeerUrls
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Where clients reach it.</summary>
    public IReadOnlyList<string> ClientUrls
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>True while it only learns and does not vote.</summary>
    public bool IsLearner { get; init; }

    /// <inheritdoc/>
    public override string ToString() => IdHex;
}

/// <summary>The state of etcd on one node.</summary>
public sealed record TalosEtcdStatus
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The node's member id.</summary>
    public required ulong MemberId { get; init; }

    /// <summary>The leader's member id; 0 for none.</summary>
    public ulong Leader { get; init; }

    /// <summary>True if this node leads.</summary>
    public bool IsLeader => MemberId == Leader;

    /// <summary>True while the node only learns.</summary>
    public bool IsLearner { get; init; }

    /// <summary>Raft index.</summary>
    public ulong RaftIndex { get; init; }

    /// <summary>Raft index applied.</summary>
    public ulong RaftAppliedIndex { get; init; }

    /// <summary>Raft term.</summary>
    public ulong RaftTerm { get; init; }

    /// <summary>Size of the database in bytes.</summary>
    public long DbSize { get; init; }

    /// <summary>Bytes of it in use.</summary>
    public long DbSizeInUse { get; init; }

    /// <summary>etcd's version.</summary>
    public string ProtocolVersion { get; init; } = "";

    /// <summary>Alarms and errors.</summary>
    public IReadOnlyList<string> Errors
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Node} {(IsLeader ? "leader" : IsLearner ? "learner" : "follower")}";
}
