namespace TalosTailscale;

/// <summary>What came of a check.</summary>
public enum TsCheckStatus
{
    /// <summary>As it should be.</summary>
    Pass,

    /// <summary>Works, but something should be changed.</summary>
    Warning,

    /// <summary>Broken: the node cannot pull through the tailnet, or will not after its next restart.</summary>
    Fail,

    /// <summary>Not looked at; the evidence says why.</summary>
    Skipped,
}
