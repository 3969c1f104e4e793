namespace TalosTailscale;

/// <summary>How a gate came out.</summary>
public enum UkiSwapGateStatus
{
    /// <summary>The condition holds.</summary>
    Passed,

    /// <summary>It does not hold: nothing is written.</summary>
    Refused,

    /// <summary>It does not hold, or nobody knows, and <c>-SkipGate</c> named it (or going back skips it by itself).</summary>
    Skipped,

    /// <summary>It does not concern this node or this swap. Does not hinder.</summary>
    NotApplicable,

    /// <summary>A fact that it needs could not be read: nothing is written.</summary>
    Unknown,
}
