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

    public readonly RolloutMemory Memory => new()
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
        if (memory.RestartBegun && compared is null) Rebooted = false;
        if (entry.Event == RolloutEvent.Over) (Touches, Writes, Rebooted) = (0, 0, false);
    }

    /// <summary>The operator is gone.</summary>
    public readonly ModelNode Forget() => this with { Track = 0, InFlight = false, FoundCordoned = false, State = default, Pending = 0 };

    public readonly ulong Pack()
    {
        ulong bits = 0;
        int at = 0;
        Put(Up ? 1 : 0, 1);
        Put(Staged ? 1 : 0, 1);
        Put(RunsNew ? 1 : 0, 1);
        Put(Cordoned ? 1 : 0, 1);
        Put(Rebooted ? 1 : 0, 1);
        Put(Touches, 2);
        Put(Writes, 2);
        Put(RemembersFlight ? 1 : 0, 1);
        Put(RemembersRestart ? 1 : 0, 1);
        Put((int)Outcome, 2);
        Put(Track, 2);
        Put(InFlight ? 1 : 0, 1);
        Put(FoundCordoned ? 1 : 0, 1);
        Put((int)State.Phase, 3);
        Put(State.IsOver ? 0 : State.Step, 4);
        Put(State.Busy ? 1 : 0, 1);
        Put(State.HasFailed ? 1 : 0, 1);
        Put(Pending, 2);
        return bits;

        void Put(int value, int width)
        {
            bits |= (ulong)value << at;
            at += width;
        }
    }
}
