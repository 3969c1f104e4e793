using System.Collections.Immutable;
using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout;

/// <summary>
/// A small cluster with the real scheduler, the real rules of resuming and the real memory of the journal, and
/// everything that can happen to it: each step succeeds, fails without effect, or fails after its effect; nodes come
/// back late, with the old image, or never; the operator is killed at any moment and started again, as often as it likes.
/// All states that can be reached are visited.
/// </summary>
internal sealed class RolloutModel(ModelShape shape)
{
    private readonly RolloutNodeFacts[] _facts =
    [
        .. Enumerable.Range(0, shape.Count).Select(i => new RolloutNodeFacts
        {
            Node = new TsNode { Name = $"n{i}", Address = $"n{i}" },
            IsControlPlane = shape.IsControlPlane(i),
            InKubernetes = true,
        }),
    ];

    private readonly Dictionary<ulong, RolloutScheduler> _schedulers = [];

    private readonly HashSet<(UInt128, UInt128)> _restarts = [];

    /// <summary>What is wrong, with the way that led there; null when nothing is.</summary>
    public string? Wrong { get; private set; }

    /// <summary>States visited.</summary>
    public int States { get; private set; }

    /// <summary>Ways from one state to another that were followed.</summary>
    public long Transitions { get; private set; }

    /// <summary>The end states (nothing of the operator's runs) that were seen.</summary>
    public int Ends { get; private set; }

    public void Run(int limit)
    {
        ModelNode[] first = [.. Enumerable.Range(0, shape.Count).Select(_ => new ModelNode { Up = true })];
        Plan(first);
        var seen = new HashSet<(UInt128, UInt128)>();
        var open = new Stack<ModelNode[]>();
        Visit(first);
        while (open.TryPop(out ModelNode[]? state) && Wrong is null)
        {
            States++;
            if (States > limit) throw new InvalidOperationException($"More than {limit} states.");
            if (state.All(node => node.State.IsOver)) Ends++;
            foreach (ModelNode[] next in Successors(state))
            {
                Transitions++;
                Check(next);
                if (Wrong is not null)
                {
                    Wrong += $"\n  from {Show(state)}\n  to   {Show(next)}";
                    return;
                }

                Visit(next);
            }
        }

        void Visit(ModelNode[] state)
        {
            if (seen.Add(Key(state))) open.Push(state);
        }
    }

    private void Check(ModelNode[] state)
    {
        int down = 0;
        for (int i = 0; i < state.Length; i++)
        {
            ModelNode node = state[i];
            if (shape.IsControlPlane(i) && !node.Up) down++;
            if (node.Touches > 1) Wrong = $"n{i} was restarted twice.";
            if (node.Writes > 1) Wrong = $"n{i} was written twice.";
            if (node.State.Phase == TrackPhase.Done && !(node.Up && node.RunsNew && !node.Cordoned)) Wrong = $"n{i} is called done and is not.";
            // A cordon that an earlier, failed attempt could not lift is the next attempt's to lift.
            if (node.State.Phase == TrackPhase.Left && node.Cordoned && node.Outcome != RolloutOutcome.Failed) Wrong = $"n{i} was left cordoned.";
        }

        if (Enumerable.Range(0, shape.Count).Count(i => shape.IsControlPlane(i) && state[i].State.IsUnderWay) > 1) Wrong = "Two control planes are under way.";
        if (down > 1) Wrong = $"{down} control planes are down.";
        int controlPlanes = Enumerable.Range(0, shape.Count).Count(shape.IsControlPlane);
        if (controlPlanes - down < (controlPlanes / 2) + 1) Wrong = "etcd has lost its quorum.";
        int workers = Enumerable.Range(0, shape.Count).Count(i => !shape.IsControlPlane(i) && state[i].State.IsUnderWay && !state[i].InFlight);
        if (workers > shape.Width) Wrong = $"{workers} workers at once.";
    }

    private IEnumerable<ModelNode[]> Successors(ModelNode[] state)
    {
        for (int i = 0; i < state.Length; i++)
        {
            ModelNode node = state[i];
            if (!node.Up)
            {
                yield return With(state, i, node with { Up = true, RunsNew = node.Staged });
                if (node.Staged) yield return With(state, i, node with { Up = true, RunsNew = false });
            }

            if (!node.State.Busy) continue;
            foreach (ModelNode after in ModelEffects.Of(ActionOf(state, i), node, shape.Method(i), Gate(state, i)))
                yield return Report(With(state, i, after), i);
        }

        // Killed, or ended, and started again: only the world and the journal are left. What runs had its effect, or not.
        foreach (ModelNode[] world in Unreported(state, 0))
        {
            ModelNode[] again = [.. world.Select(node => node.Forget())];
            if (!_restarts.Add(Key(again))) continue;
            Plan(again);
            yield return again;
        }
    }

    private IEnumerable<ModelNode[]> Unreported(ModelNode[] state, int from)
    {
        while (from < state.Length && !state[from].State.Busy) from++;
        if (from >= state.Length)
        {
            yield return state;
            yield break;
        }

        foreach (ModelNode[] rest in Unreported(state, from + 1)) yield return rest;
        foreach (ModelNode after in ModelEffects.Of(ActionOf(state, from), state[from], shape.Method(from), Gate(state, from)))
            foreach (ModelNode[] rest in Unreported(With(state, from, after), from + 1))
                yield return rest;
    }

    private bool Gate(ModelNode[] state, int index) => shape.IsControlPlane(index)
        ? Enumerable.Range(0, shape.Count).All(i => !shape.IsControlPlane(i) || state[i].Up)
        : state[index].Up;

    // That an effect and its report are one transition leaves nothing out: what another node does in between depends on
    // this one only if both are control planes under way, and that is an error of its own.
    private ModelNode[] Report(ModelNode[] next, int index)
    {
        RolloutScheduler scheduler = Scheduler(next);
        ImmutableArray<TrackState> tracks = scheduler.Apply([.. next.Select(n => n.State)], index, next[index].Pending == 1);
        next[index].Pending = 0;
        Take(next, scheduler, tracks);
        return next;
    }

    private void Plan(ModelNode[] state)
    {
        for (int i = 0; i < state.Length; i++)
        {
            RolloutNodeFacts facts = _facts[i] with
            {
                IsRunning = state[i].Up,
                BootId = state[i].BootId,
                CordonedHere = state[i].Cordoned,
                RunsWanted = state[i].Up && state[i].RunsNew,
            };
            (bool inFlight, IReadOnlyList<TsRolloutAction> steps) = RolloutTracks.For(facts, state[i].Memory);
            state[i].Track = (byte)(steps[0] == TsRolloutAction.Return ? 1 : steps.Count > 4 ? 0 : 2);
            (state[i].InFlight, state[i].FoundCordoned, state[i].Pending) = (inFlight, state[i].Cordoned, 0);
        }

        RolloutScheduler scheduler = Scheduler(state);
        Take(state, scheduler, scheduler.Start());
    }

    private void Take(ModelNode[] state, RolloutScheduler scheduler, ImmutableArray<TrackState> tracks)
    {
        ImmutableArray<TrackState> next = scheduler.Next(tracks, out IReadOnlyList<int> begun);
        for (int i = 0; i < state.Length; i++)
        {
            bool ended = next[i].IsOver && !state[i].State.IsOver && state[i].RemembersFlight;
            state[i].State = next[i];
            if (ended) state[i].Remember(Entry(RolloutEvent.Over, TsRolloutAction.Check, RolloutRunner.OutcomeOf(next[i].Phase)));
        }

        foreach (int i in begun)
            state[i].Remember(Entry(RolloutEvent.Begun, scheduler.ActionOf(next, i), RolloutOutcome.None) with { Method = shape.Method(i) });
    }

    private static RolloutEntry Entry(RolloutEvent what, TsRolloutAction action, RolloutOutcome outcome) =>
        new() { Key = "n", Event = what, Action = action, Outcome = outcome, BootId = "before" };

    private TsRolloutAction ActionOf(ModelNode[] state, int index) =>
        Scheduler(state).ActionOf([.. state.Select(n => n.State)], index);

    private RolloutScheduler Scheduler(ModelNode[] state)
    {
        ulong key = 0;
        foreach (ModelNode node in state) key = (key << 4) | ((uint)node.Track << 2) | (node.InFlight ? 2u : 0) | (node.FoundCordoned ? 1u : 0);
        if (_schedulers.TryGetValue(key, out RolloutScheduler? known)) return known;
        RolloutTrack[] tracks = [.. state.Select((node, i) => Track(node, i))];
        return _schedulers[key] = new RolloutScheduler(tracks, shape.Widths, shape.MaxFailures);
    }

    private RolloutTrack Track(ModelNode node, int index)
    {
        RolloutNodeFacts facts = _facts[index] with { IsRunning = node.Track != 1, RunsWanted = node.Track == 2, CordonedHere = node.FoundCordoned };
        var memory = new RolloutMemory { RestartBegun = node.Track == 1, InFlight = node.InFlight };
        return new RolloutTrack(shape.Wave(index), shape.IsControlPlane(index), node.InFlight, node.FoundCordoned, RolloutTracks.For(facts, memory).Steps);
    }

    private static ModelNode[] With(ModelNode[] state, int index, ModelNode node)
    {
        ModelNode[] next = (ModelNode[])state.Clone();
        next[index] = node;
        return next;
    }

    private static (UInt128, UInt128) Key(ModelNode[] state)
    {
        UInt128 low = 0, high = 0;
        for (int i = 0; i < state.Length; i++)
        {
            if (i < 4) low |= (UInt128)state[i].Pack() << (32 * i);
            else high |= (UInt128)state[i].Pack() << (32 * (i - 4));
        }

        return (low, high);
    }

    private static string Show(ModelNode[] state) => string.Join("; ", state.Select((n, i) =>
        $"n{i} {(n.Up ? "up" : "DOWN")}{(n.Staged ? " staged" : "")}{(n.RunsNew ? " new" : "")}{(n.Cordoned ? " cordoned" : "")} "
        + $"{n.State.Phase}@{n.State.Step}{(n.State.Busy ? "*" : "")} track {n.Track}{(n.InFlight ? " in flight" : "")} pending {n.Pending} "
        + $"touches {n.Touches} memory {(n.RemembersFlight ? "flight " : "")}{(n.RemembersRestart ? "restart " : "")}{n.Outcome}"));
}
