namespace TalosTailscale.Core.Talos;

/// <summary>What etcd says of the restart of a control plane.</summary>
public enum EtcdRestart
{
    /// <summary>The others keep the quorum.</summary>
    Allowed,

    /// <summary>No other member votes: there is no quorum to lose, but etcd and the API server are away for a while.</summary>
    OnlyMember,

    /// <summary>The others would be too few.</summary>
    QuorumLost,
}

/// <summary>Who votes in etcd, counted for the restart of one control plane.</summary>
/// <param name="All">Voting members; the node's own is one where it votes.</param>
/// <param name="Others">Voting members without the node's own.</param>
/// <param name="HealthyOthers">How many of those take part.</param>
public sealed record EtcdVotes(int All, int Others, int HealthyOthers)
{
    /// <summary>How many must agree: more than half.</summary>
    public int Needed => EtcdQuorum.Needed(All);

    /// <summary>Whether the node may restart.</summary>
    public EtcdRestart Restart =>
        Others == 0 ? EtcdRestart.OnlyMember
        : HealthyOthers >= Needed ? EtcdRestart.Allowed
        : EtcdRestart.QuorumLost;
}
