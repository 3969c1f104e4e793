namespace TalosTailscale.Core.Rollout;

internal static class RolloutRunner
{
    internal static RolloutOutcome OutcomeOf(TrackPhase phase) => phase switch
    {
        TrackPhase.Done => RolloutOutcome.Done,
        TrackPhase.Failed => RolloutOutcome.Failed,
        TrackPhase.Left => RolloutOutcome.Left,
        _ => RolloutOutcome.None,
    };
}
