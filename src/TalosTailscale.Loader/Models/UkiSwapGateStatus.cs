namespace TalosTailscale;

/// <summary>How a gate came out.</summary>
public enum UkiSwapGateStatus
{
    /// <summary>The condition holds.</summary>
    Passed,

    /// <summary>It does not hold: nothing is written.</summary>
    Refused,

    /// <summary>It does not hold, and <c>-SkipGate</c> named it.</summary>
    Skipped,

    /// <summary>What it needs to know could not be read, or it does not concern this node. Does not hinder.</summary>
    NotChecked,
}
