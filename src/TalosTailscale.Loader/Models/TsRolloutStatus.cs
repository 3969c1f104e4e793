namespace TalosTailscale;

/// <summary>What became of a step of a rollout.</summary>
public enum TsRolloutStatus
{
    /// <summary>Not begun.</summary>
    Planned,

    /// <summary>Done.</summary>
    Done,

    /// <summary>Failed; the evidence says why.</summary>
    Failed,

    /// <summary>Left out, because the rollout stopped before.</summary>
    Skipped,
}
