using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout;

/// <summary>One node of the model: the world, what the journal has on disk, and where the running operator thinks it is.</summary>
internal record struct ModelNode
{
    // The world.
    public bool Up;
    public bool Staged;
    public bool RunsNew;
    public bool Cordoned;

    /// <summary>Restarted since the journal wrote down the boot id.</summary>
    public bool Rebooted;

    /// <summary>Restarts caused in this attempt.</summary>
    public byte Touches;

    /// <summary>Images written in this attempt.</summary>
    public byte Writes;

    // The journal.
    public bool RemembersFlight;
    public bool RemembersRestart;
    public RolloutOutcome Outcome;

    // The operator; gone with a crash.
    public byte Track;
    public bool InFlight;
    public bool FoundCordoned;
    public TrackState State;

    /// <summary>What the running step is about to report: 1 for success, 2 for failure.</summary>
    public byte Pending;

    public readonly RolloutMemory Memory =>
        new()
        {
            InFlight = RemembersFlight,
            RestartBegun = RemembersRestart,
            BootId = RemembersRestart ? "before" : null,
            Outcome = Outcome,
        };

    public readonly string BootId => Rebooted ? "after" : "before";

    public void Remember(RolloutEntry entry)
    {
        string? compared = Memory.BootId;
        RolloutMemory memory = Memory.With(entry with { BootId = BootId });
        (RemembersFlight, RemembersRestart, Outcome) = (memory.InFlight, memory.RestartBegun, memory.Outcome);
        // Only whether it is another boot than the remembered one counts.
        if (memory.RestartBegun && compared is null)
            Rebooted = false;
        if (entry.Event == RolloutEvent.Over)
            (Touches, Writes, Rebooted) = (0, 0, false);
    }

    /// <summary>The operator is gone.</summary>
    public readonly ModelNode Forget() =>
        this with
        {
            Track = 0,
            InFlight = false,
            FoundCordoned = false,
            State = default,
            Pending = 0,
        };

    /// <summary>
    /// The node without what cannot matter any more: at its end nobody looks at its track again before the next plan, and
    /// of how earlier attempts ended only a failure is asked for.
    /// </summary>
    public readonly ModelNode Canonical()
    {
        ModelNode node = this;
        if (State.IsOver)
        {
            (node.Track, node.InFlight, node.FoundCordoned) = (0, false, false);
            node.State = new TrackState(State.Phase, 0);
        }

        if (Outcome != RolloutOutcome.Failed)
            node.Outcome = RolloutOutcome.None;
        return node;
    }

    public readonly string Show() =>
        $"{(Up ? "up" : "DOWN")}{(Staged ? " staged" : "")}{(RunsNew ? " new" : "")}{(Cordoned ? " cordoned" : "")} "
        + $"{State.Phase}@{State.Step}{(State.Busy ? "*" : "")} track {Track}{(InFlight ? " in flight" : "")} "
        + $"touches {Touches} memory {(RemembersFlight ? "flight " : "")}{(RemembersRestart ? "restart " : "")}{Outcome}";
}
