namespace TalosTailscale.Core.Rollout;

/// <summary>
/// From what a node says, and what the journal remembers, to the steps that are left. The node has the last word: the
/// journal only tells what may be its doing.
/// </summary>
internal static class RolloutTracks
{
    private static readonly TsRolloutAction[] s_finish =
    [
        TsRolloutAction.Return,
        TsRolloutAction.Verify,
        TsRolloutAction.Uncordon,
    ];
    private static readonly TsRolloutAction[] s_confirm =
    [
        TsRolloutAction.Check,
        TsRolloutAction.Patch,
        TsRolloutAction.Verify,
    ];

    /// <summary>Whether a cordon of ours may lie on the node: also one that a failed attempt left.</summary>
    internal static bool IsCordoned(RolloutNodeFacts facts, RolloutMemory memory) =>
        facts.CordonedHere ?? memory.InFlight;

    /// <summary>The steps that are left on a node, and whether they continue an earlier run's.</summary>
    internal static (bool InFlight, IReadOnlyList<TsRolloutAction> Steps) For(
        RolloutNodeFacts facts,
        RolloutMemory memory
    )
    {
        bool restarted = memory.RestartBegun && facts.IsRunning && facts.BootId != memory.BootId;

        // Down, or on its way: it is waited for if that may be our doing. Else the check will say what is wrong.
        if (!facts.IsRunning)
            return memory.RestartBegun ? (true, s_finish) : (memory.InFlight, All(facts));
        if (facts.RunsWanted)
            return memory.InFlight
                ? (true, s_finish)
                : (false, IsCordoned(facts, memory) ? [.. s_confirm, TsRolloutAction.Uncordon] : s_confirm);

        // It restarted and runs something else all the same: not again, that is for a person to look at.
        return restarted ? (true, s_finish) : (memory.InFlight, All(facts));
    }

    private static TsRolloutAction[] All(RolloutNodeFacts facts) =>
        [
            .. Enum.GetValues<TsRolloutAction>()
                .Where(action =>
                    action switch
                    {
                        TsRolloutAction.Cordon or TsRolloutAction.Drain or TsRolloutAction.Uncordon =>
                            facts.InKubernetes,
                        TsRolloutAction.HandOver => facts.IsControlPlane && !facts.IsOnlyEtcdVoter,
                        _ => true,
                    }
                ),
        ];
}
