namespace TalosTailscale.Core.Rollout;

/// <summary>
/// Decides which step is done next. A state machine without a clock, a network or a thread, and without a memory of its
/// own: a state and an event give the next state, so that all states can be looked at one by one. The state is changed in
/// place, since a copy for each event would cost a fleet the square of its size.
/// </summary>
/// <remarks>
/// Its rules: nodes that an earlier run left in the middle go on first; a wave begins when all before it have ended; no
/// more nodes of a wave at once than it is wide; one control plane at a time, those left in the middle too, of which
/// those that may be down come first; none is begun after one that failed; after too many failures no node is begun, those
/// whose image is not changed yet back out, the others are brought to their end.
/// </remarks>
internal sealed class RolloutScheduler(
    IReadOnlyList<RolloutTrack> tracks,
    IReadOnlyList<int> waveWidths,
    int maxFailures
)
{
    /// <summary>The state before anything is begun.</summary>
    internal TrackState[] Start() =>
        [
            .. tracks.Select(track => new TrackState(
                track is { InFlight: true, IsControlPlane: false } ? TrackPhase.Active : TrackPhase.Waiting,
                0
            )),
        ];

    /// <summary>True when every node has come to an end.</summary>
    internal static bool IsOver(TrackState[] state) => Array.TrueForAll(state, track => track.IsOver);

    /// <summary>The step that runs, or is next, on a node.</summary>
    internal TsRolloutAction ActionOf(TrackState[] state, int index) =>
        state[index].Phase == TrackPhase.BackingOut ? TsRolloutAction.Uncordon : tracks[index].Steps[state[index].Step];

    /// <summary>Begins what may be begun now, and puts to its end what cannot happen any more.</summary>
    /// <param name="state">The state.</param>
    /// <param name="begun">Gets the nodes whose step begins.</param>
    /// <param name="left">Gets the nodes that come to their end without having begun, or before their image was changed.</param>
    internal void Next(TrackState[] state, List<int> begun, List<int> left)
    {
        int failures = 0;
        foreach (TrackState track in state)
            if (track.CountsAsFailure)
                failures++;
        bool stopping = failures >= maxFailures;
        for (int i = 0; i < state.Length; i++)
        {
            if (state[i].Busy || !state[i].IsUnderWay)
                continue;
            if (stopping && state[i].Phase == TrackPhase.Active && !tracks[i].IsCommitted(state[i].Step))
                state[i] = BackOut(i, state[i], failed: false);
            state[i] = state[i] with { Busy = state[i].IsUnderWay };
            (state[i].Busy ? begun : left).Add(i);
        }

        Admit(state, begun, left, stopping);
    }

    /// <summary>Takes note of how a step ended.</summary>
    internal void Apply(TrackState[] state, int index, bool succeeded)
    {
        TrackState track = state[index];
        if (!track.Busy)
            throw new InvalidOperationException("No step runs on this node.");
        state[index] = succeeded ? Advance(index, track) : Fail(index, track);
    }

    private void Admit(TrackState[] next, List<int> begun, List<int> left, bool stopping)
    {
        int wave = int.MaxValue;
        bool controlPlaneLost = false,
            controlPlaneBusy = false;
        for (int i = 0; i < next.Length; i++)
        {
            if (!next[i].IsOver)
                wave = Math.Min(wave, tracks[i].Wave);
            if (!tracks[i].IsControlPlane)
                continue;
            controlPlaneLost |= next[i].CountsAsFailure;
            controlPlaneBusy |= next[i].IsUnderWay;
        }

        while (!controlPlaneBusy && InterruptedControlPlane(next) is { } interrupted)
            controlPlaneBusy = Resume(next, interrupted, stopping || controlPlaneLost, begun, left);

        int room = wave == int.MaxValue ? 0 : waveWidths[wave - 1];
        for (int i = 0; i < next.Length; i++)
            if (tracks[i].Wave == wave && next[i].IsUnderWay)
                room--;
        for (int i = 0; i < next.Length; i++)
        {
            if (next[i].Phase != TrackPhase.Waiting || IsInterruptedControlPlane(next, i))
                continue;
            bool never = stopping || (tracks[i].IsControlPlane && controlPlaneLost);
            if (never)
            {
                next[i] = next[i] with { Phase = TrackPhase.Left };
                left.Add(i);
                continue;
            }

            if (tracks[i].Wave != wave || room <= 0 || (tracks[i].IsControlPlane && controlPlaneBusy))
                continue;
            next[i] = new TrackState(TrackPhase.Active, 0, Busy: true);
            controlPlaneBusy |= tracks[i].IsControlPlane;
            room--;
            begun.Add(i);
        }
    }

    private bool IsInterruptedControlPlane(TrackState[] state, int index) =>
        state[index].Phase == TrackPhase.Waiting && tracks[index] is { InFlight: true, IsControlPlane: true };

    // One that has been told to restart may be down: until it is back no other can be spared.
    private int? InterruptedControlPlane(TrackState[] state)
    {
        int? first = null;
        for (int i = 0; i < state.Length; i++)
        {
            if (!IsInterruptedControlPlane(state, i))
                continue;
            if (tracks[i].IsCommitted(0))
                return i;
            first ??= i;
        }

        return first;
    }

    // True when it is under way now; one that has nothing to back out of comes to its end at once.
    private bool Resume(TrackState[] next, int index, bool backsOut, List<int> begun, List<int> left)
    {
        TrackState track =
            backsOut && !tracks[index].IsCommitted(0)
                ? BackOut(index, next[index], failed: false)
                : next[index] with
                {
                    Phase = TrackPhase.Active,
                };
        next[index] = track with { Busy = track.IsUnderWay };
        (track.IsUnderWay ? begun : left).Add(index);
        return track.IsUnderWay;
    }

    private TrackState Advance(int index, TrackState track)
    {
        if (track.Phase == TrackPhase.BackingOut)
            return track with { Phase = track.HasFailed ? TrackPhase.Failed : TrackPhase.Left, Busy = false };
        byte step = (byte)(track.Step + 1);
        return new TrackState(step == tracks[index].Steps.Count ? TrackPhase.Done : TrackPhase.Active, step);
    }

    // A node that did not come back keeps its cordon: nothing is to be scheduled on it when it does.
    private TrackState Fail(int index, TrackState track) =>
        track.Phase == TrackPhase.BackingOut
        || tracks[index].Steps[track.Step]
            is TsRolloutAction.Restart
                or TsRolloutAction.Return
                or TsRolloutAction.Uncordon
            ? track with
            {
                Phase = TrackPhase.Failed,
                Busy = false,
                HasFailed = true,
            }
            : BackOut(index, track, failed: true);

    private TrackState BackOut(int index, TrackState track, bool failed)
    {
        TrackPhase phase =
            tracks[index].MayBeCordoned(track.Step) ? TrackPhase.BackingOut
            : failed ? TrackPhase.Failed
            : TrackPhase.Left;
        return track with { Phase = phase, Busy = false, HasFailed = failed };
    }
}
