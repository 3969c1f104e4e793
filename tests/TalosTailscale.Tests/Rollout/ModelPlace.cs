using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout;

/// <summary>
/// All that one node of the model can be, by a small number, and what can come of each: worked out once, by the real rules,
/// and looked up from then on.
/// </summary>
internal sealed class ModelPlace(ModelShape shape, int index)
{
    /// <summary>How many bits a number has.</summary>
    internal const int Bits = 12;

    private const int Most = 1 << Bits;

    private readonly Dictionary<ModelNode, int> _ids = [];
    private readonly List<ModelNode> _nodes = [];
    private readonly Dictionary<(byte, bool, bool, TrackState), byte> _views = [];
    private readonly Dictionary<string, int> _sets = [];
    private readonly List<int[]> _worlds = [];
    private readonly byte[] _viewOf = new byte[Most];
    private readonly (int After, bool Succeeded)[]?[] _effects = new (int, bool)[Most * 2][];
    private readonly int[] _worldsOf = new int[Most * 2];
    private readonly Dictionary<int, int> _taken = [];

    /// <summary>The node of a number.</summary>
    internal ModelNode this[int id] => _nodes[id];

    /// <summary>How many there are.</summary>
    internal int Count => _nodes.Count;

    /// <summary>The number of a node.</summary>
    internal int Id(ModelNode node)
    {
        node = node.Canonical();
        if (_ids.TryGetValue(node, out int id))
            return id;
        id = _nodes.Count;
        if (id >= Most)
            throw new InvalidOperationException($"A node can be more than {Most} things.");
        _nodes.Add(node);
        _ids[node] = id;
        (byte, bool, bool, TrackState) view = (node.Track, node.InFlight, node.FoundCordoned, node.State);
        if (!_views.TryGetValue(view, out byte number))
            _views[view] = number = checked((byte)_views.Count);
        _viewOf[id] = number;
        return id;
    }

    /// <summary>What the scheduler sees of it, as a number of eight bits.</summary>
    internal byte ViewOf(int id) => _viewOf[id];

    /// <summary>What may become of the step that runs; nothing where none does.</summary>
    internal (int After, bool Succeeded)[] Effects(int id, bool gate)
    {
        ref (int, bool)[]? known = ref _effects[(id * 2) + (gate ? 1 : 0)];
        return known ??= [
            .. EffectsOf(_nodes[id], gate).Select(after => (Id(after with { Pending = 0 }), after.Pending == 1)),
        ];
    }

    /// <summary>The ways in which a node that is down comes up.</summary>
    internal int[] Returns(int id)
    {
        ModelNode node = _nodes[id];
        if (node.Up)
            return [];
        int old = Id(node with { Up = true, RunsNew = false });
        return node.Staged ? [Id(node with { Up = true, RunsNew = true }), old] : [old];
    }

    /// <summary>The number of the set of what may be left of it if the operator is gone now: what runs had its effect, or not.</summary>
    internal int WorldsOf(int id, bool gate)
    {
        ref int known = ref _worldsOf[(id * 2) + (gate ? 1 : 0)];
        if (known > 0)
            return known - 1;
        int[] worlds =
        [
            .. EffectsOf(_nodes[id], gate).Prepend(_nodes[id]).Select(node => Id(node.Forget())).Distinct().Order(),
        ];
        string name = string.Join(',', worlds);
        if (!_sets.TryGetValue(name, out int set))
        {
            _sets[name] = set = _worlds.Count;
            _worlds.Add(worlds);
        }

        known = set + 1;
        return set;
    }

    /// <summary>The worlds of a set.</summary>
    internal int[] Worlds(int set) => _worlds[set];

    /// <summary>It after a new plan. Of a node that the run is not given nothing is asked: it is over before it begins.</summary>
    internal int Planned(int world, bool given)
    {
        ModelNode node = _nodes[world];
        if (!given)
            return Id(node with { State = new TrackState(TrackPhase.Left, 0) });
        (bool inFlight, IReadOnlyList<TsRolloutAction> steps) = RolloutTracks.For(Facts(node), node.Memory);
        node.Track = (byte)(
            steps[0] == TsRolloutAction.Return ? 1
            : steps.Count > 4 ? 0
            : 2
        );
        (node.InFlight, node.FoundCordoned, node.Pending) = (inFlight, node.Cordoned, 0);
        return Id(node);
    }

    /// <summary>The track that its plan has.</summary>
    internal RolloutTrack Track(ModelNode node)
    {
        RolloutNodeFacts facts = Facts(node) with
        {
            IsRunning = node.Track != 1,
            RunsWanted = node.Track == 2,
            CordonedHere = node.FoundCordoned,
        };
        var memory = new RolloutMemory { RestartBegun = node.Track == 1, InFlight = node.InFlight };
        return new RolloutTrack(
            shape.Wave(index),
            shape.IsControlPlane(index),
            node.InFlight,
            node.FoundCordoned,
            RolloutTracks.For(facts, memory).Steps
        );
    }

    /// <summary>It after the scheduler has said what it is now, and whether a step begins; the journal is written.</summary>
    internal int Taken(int id, ModelTurn turn)
    {
        int key = (id << 8) | turn.Number;
        if (_taken.TryGetValue(key, out int known))
            return known;
        ModelNode node = _nodes[id];
        bool ended = turn.State.IsOver && !node.State.IsOver && node.RemembersFlight;
        node.State = turn.State;
        if (ended)
            node.Remember(
                Entry(RolloutEvent.Over, TsRolloutAction.Check) with
                {
                    Outcome = RolloutRunner.OutcomeOf(turn.State.Phase),
                }
            );
        if (turn.Begins)
            node.Remember(Entry(RolloutEvent.Begun, Action(node)) with { Method = shape.Method(index) });
        return _taken[key] = Id(node);
    }

    /// <summary>What is wrong with the node by itself.</summary>
    internal string? Wrong(int id)
    {
        ModelNode node = _nodes[id];
        if (node.Touches > 1)
            return $"n{index} was restarted twice.";
        if (node.Writes > 1)
            return $"n{index} was written twice.";
        if (node.State.Phase == TrackPhase.Done && !(node.Up && node.RunsNew && !node.Cordoned))
            return $"n{index} is called done and is not.";

        // A cordon that an earlier attempt could not lift, or has not lifted yet, is the next attempt's to lift.
        return
            node.State.Phase == TrackPhase.Left
            && node.Cordoned
            && !node.RemembersFlight
            && node.Outcome != RolloutOutcome.Failed
            ? $"n{index} was left cordoned."
            : null;
    }

    private IEnumerable<ModelNode> EffectsOf(ModelNode node, bool gate) =>
        node.State.Busy ? ModelEffects.Of(Action(node), node, shape.Method(index), gate) : [];

    private TsRolloutAction Action(ModelNode node) =>
        node.State.Phase == TrackPhase.BackingOut ? TsRolloutAction.Uncordon : Track(node).Steps[node.State.Step];

    private RolloutNodeFacts Facts(ModelNode node) =>
        new()
        {
            Node = new TsNode { Name = $"n{index}", Address = $"n{index}" },
            IsControlPlane = shape.IsControlPlane(index),
            InKubernetes = true,
            IsRunning = node.Up,
            BootId = node.BootId,
            CordonedHere = node.Cordoned,
            RunsWanted = node.Up && node.RunsNew,
        };

    private static RolloutEntry Entry(RolloutEvent what, TsRolloutAction action) =>
        new()
        {
            Key = "n",
            Event = what,
            Action = action,
            Outcome = RolloutOutcome.None,
            BootId = "before",
        };
}
