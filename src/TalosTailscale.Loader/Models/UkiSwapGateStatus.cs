namespace TalosTailscale;

/// <summary>How a gate came out.</summary>
public enum UkiSwapGateStatus
{
    /// <summary>The condition holds.</summary>
    Passed,

    /// <summary>It does not hold: nothing is written.</summary>
    Refused,

    /// <summary>It does not hold or is not known, and <c>-SkipGate</c> named it.</summary>
    Skipped,

    /// <summary>It does not concern this node or this swap: a worker has no etcd. Does not hinder.</summary>
    NotApplicable,

    /// <summary>What it needs to know could not be read: nothing is written.</summary>
    Unknown,
}
