using System.Collections.Immutable;

namespace TalosTailscale.Core.Rollout;

/// <summary>
/// Decides which step is done next. A state machine without a clock, a network or a thread: a state and an event give
/// the next state, so that all states can be looked at one by one.
/// </summary>
/// <remarks>
/// Its rules: nodes that an earlier run left in the middle go on first; a wave begins when all before it have ended; no
/// more nodes of a wave at once than it is wide; one control plane at a time, and none after one that failed; after
/// too many failures no node is begun, those whose image is not changed yet back out, the others are brought to their end.
/// </remarks>
internal sealed class RolloutScheduler(
    IReadOnlyList<RolloutTrack> tracks, IReadOnlyList<int> waveWidths, int maxFailures)
{
    /// <summary>The state before anything is begun.</summary>
    internal ImmutableArray<TrackState> Start() =>
        [.. tracks.Select(track => new TrackState(track.InFlight ? TrackPhase.Active : TrackPhase.Waiting, 0))];

    /// <summary>True when every node has come to an end.</summary>
    internal static bool IsOver(ImmutableArray<TrackState> state) => state.All(track => track.IsOver);

    /// <summary>The step that runs, or is next, on a node.</summary>
    internal TsRolloutAction ActionOf(ImmutableArray<TrackState> state, int index) =>
        state[index].Phase == TrackPhase.BackingOut ? TsRolloutAction.Uncordon : tracks[index].Steps[state[index].Step];

    /// <summary>Begins what may be begun now.</summary>
    /// <param name="state">The state.</param>
    /// <param name="begun">The nodes whose step begins.</param>
    /// <returns>The state with those steps running, and with what cannot happen any more at its end.</returns>
    internal ImmutableArray<TrackState> Next(ImmutableArray<TrackState> state, out IReadOnlyList<int> begun)
    {
        var next = state.ToBuilder();
        var starts = new List<int>();
        begun = starts;
        bool stopping = state.Count(track => track.CountsAsFailure) >= maxFailures;
        for (int i = 0; i < next.Count; i++)
        {
            if (next[i].Busy || !next[i].IsUnderWay) continue;
            next[i] = stopping && next[i].Phase == TrackPhase.Active && !tracks[i].IsCommitted(next[i].Step)
                ? BackOut(i, next[i], failed: false)
                : next[i] with { Busy = true };
            if (next[i].Phase == TrackPhase.BackingOut) next[i] = next[i] with { Busy = true };
            if (next[i].Busy) starts.Add(i);
        }

        Admit(next, starts, stopping);
        return next.ToImmutable();
    }

    /// <summary>Takes note of how a step ended.</summary>
    internal ImmutableArray<TrackState> Apply(ImmutableArray<TrackState> state, int index, bool succeeded)
    {
        TrackState track = state[index];
        if (!track.Busy) throw new InvalidOperationException("No step runs on this node.");
        return state.SetItem(index, succeeded ? Advance(index, track) : Fail(index, track));
    }

    private void Admit(ImmutableArray<TrackState>.Builder next, List<int> starts, bool stopping)
    {
        int wave = int.MaxValue;
        bool controlPlaneLost = false, controlPlaneBusy = false;
        for (int i = 0; i < next.Count; i++)
        {
            if (!next[i].IsOver) wave = Math.Min(wave, tracks[i].Wave);
            if (!tracks[i].IsControlPlane) continue;
            controlPlaneLost |= next[i].CountsAsFailure;
            controlPlaneBusy |= next[i].IsUnderWay;
        }

        int room = wave == int.MaxValue ? 0 : waveWidths[wave - 1];
        for (int i = 0; i < next.Count; i++)
            if (tracks[i].Wave == wave && next[i].IsUnderWay) room--;
        for (int i = 0; i < next.Count; i++)
        {
            if (next[i].Phase != TrackPhase.Waiting) continue;
            bool never = stopping || (tracks[i].IsControlPlane && controlPlaneLost);
            if (never)
            {
                next[i] = next[i] with { Phase = TrackPhase.Left };
                continue;
            }

            if (tracks[i].Wave != wave || room <= 0 || (tracks[i].IsControlPlane && controlPlaneBusy)) continue;
            next[i] = new TrackState(TrackPhase.Active, 0, Busy: true);
            controlPlaneBusy |= tracks[i].IsControlPlane;
            room--;
            starts.Add(i);
        }
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
        || tracks[index].Steps[track.Step] is TsRolloutAction.Restart or TsRolloutAction.Return or TsRolloutAction.Uncordon
            ? track with { Phase = TrackPhase.Failed, Busy = false, HasFailed = true }
            : BackOut(index, track, failed: true);

    private TrackState BackOut(int index, TrackState track, bool failed)
    {
        TrackPhase phase = tracks[index].MayBeCordoned(track.Step) ? TrackPhase.BackingOut
            : failed ? TrackPhase.Failed : TrackPhase.Left;
        return track with { Phase = phase, Busy = false, HasFailed = failed };
    }
}
