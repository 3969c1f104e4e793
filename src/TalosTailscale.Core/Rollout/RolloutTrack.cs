namespace TalosTailscale.Core.Rollout;

/// <summary>The way of one node through a rollout: what the scheduler knows of it.</summary>
/// <param name="Wave">The wave that it belongs to, from 1.</param>
/// <param name="IsControlPlane">Whether it is a control plane: never two of them at once.</param>
/// <param name="InFlight">Whether an earlier run left it in the middle.</param>
/// <param name="IsCordoned">Whether a cordon of ours may lie on it from an earlier run.</param>
/// <param name="Steps">What is left to do, in order.</param>
internal sealed record RolloutTrack(
    int Wave,
    bool IsControlPlane,
    bool InFlight,
    bool IsCordoned,
    IReadOnlyList<TsRolloutAction> Steps
)
{
    /// <summary>
    /// True once the image is no longer ahead: from here on a node is brought to its end whatever happens to others.
    /// </summary>
    internal bool IsCommitted(int step) => !Steps.Skip(step).Contains(TsRolloutAction.Activate);

    /// <summary>True if the node may be cordoned by us when this step is reached.</summary>
    internal bool MayBeCordoned(int step) =>
        Steps.Contains(TsRolloutAction.Uncordon)
        && (IsCordoned || Steps.Take(step + 1).Contains(TsRolloutAction.Cordon));
}

/// <summary>Where a node is on its track.</summary>
internal enum TrackPhase : byte
{
    /// <summary>Not begun.</summary>
    Waiting,

    /// <summary>Under way.</summary>
    Active,

    /// <summary>Only its cordon is still lifted.</summary>
    BackingOut,

    /// <summary>At the end of its track.</summary>
    Done,

    /// <summary>A step failed.</summary>
    Failed,

    /// <summary>The rollout stopped before its image was changed.</summary>
    Left,
}

/// <summary>The state of one track.</summary>
/// <param name="Phase">Where it is.</param>
/// <param name="Step">Index of the step that is next, or runs while <paramref name="Busy"/>.</param>
/// <param name="Busy">Whether a step runs.</param>
/// <param name="HasFailed">Whether a step failed, while it is backing out.</param>
internal readonly record struct TrackState(TrackPhase Phase, byte Step, bool Busy = false, bool HasFailed = false)
{
    internal bool IsOver => Phase >= TrackPhase.Done;

    internal bool IsUnderWay => Phase is TrackPhase.Active or TrackPhase.BackingOut;

    internal bool CountsAsFailure => Phase == TrackPhase.Failed || HasFailed;
}
