using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout;

/// <summary>What the scheduler says of one node: its state from now on, and whether its next step begins.</summary>
internal readonly record struct ModelTurn(int Number, TrackState State, bool Begins);

/// <summary>The real scheduler, asked once for each state of tracks and each event.</summary>
internal sealed class ModelSchedulers(ModelShape shape, ModelPlace[] places)
{
    private const int Start = 7;

    private readonly Dictionary<ulong, RolloutScheduler> _schedulers = [];
    private readonly Dictionary<ulong, ulong> _answers = [];
    private readonly Dictionary<(TrackState, bool), int> _turns = [];
    private readonly List<ModelTurn> _all = [];

    /// <summary>How many questions were asked.</summary>
    internal int Count => _answers.Count;

    /// <summary>The turn of a node in an answer.</summary>
    internal ModelTurn Turn(ulong answer, int index) => _all[(int)(answer >> (8 * index)) & 0xFF];

    /// <summary>What it says at the beginning.</summary>
    internal ulong Begin(ReadOnlySpan<int> ids) => Ask(ids, Start, false);

    /// <summary>What it says to the end of a step.</summary>
    internal ulong Report(ReadOnlySpan<int> ids, int index, bool succeeded) => Ask(ids, index, succeeded);

    private ulong Ask(ReadOnlySpan<int> ids, int index, bool succeeded)
    {
        ulong key = ((ulong)index << 1) | (succeeded ? 1u : 0);
        for (int i = 0; i < ids.Length; i++)
            key = (key << 8) | places[i].ViewOf(ids[i]);
        if (_answers.TryGetValue(key, out ulong known))
            return known;
        ModelNode[] nodes = new ModelNode[ids.Length];
        for (int i = 0; i < ids.Length; i++)
            nodes[i] = places[i][ids[i]];
        RolloutScheduler scheduler = Scheduler(nodes);
        TrackState[] tracks = index == Start ? scheduler.Start() : [.. nodes.Select(node => node.State)];
        if (index != Start)
            scheduler.Apply(tracks, index, succeeded);
        for (int i = 0; i < tracks.Length; i++)
            if (nodes[i].State.IsOver)
                tracks[i] = nodes[i].State;
        var begun = new List<int>();
        scheduler.Next(tracks, begun, []);
        ulong answer = 0;
        for (int i = 0; i < tracks.Length; i++)
            answer |= (ulong)Number(tracks[i], begun.Contains(i)) << (8 * i);
        return _answers[key] = answer;
    }

    private int Number(TrackState state, bool begins)
    {
        if (_turns.TryGetValue((state, begins), out int number))
            return number;
        number = _all.Count;
        if (number > 0xFF)
            throw new InvalidOperationException("The scheduler says more than 256 things.");
        _all.Add(new ModelTurn(number, state, begins));
        return _turns[(state, begins)] = number;
    }

    private RolloutScheduler Scheduler(ModelNode[] nodes)
    {
        ulong key = 0;
        foreach (ModelNode node in nodes)
            key = (key << 4) | ((uint)node.Track << 2) | (node.InFlight ? 2u : 0) | (node.FoundCordoned ? 1u : 0);
        if (_schedulers.TryGetValue(key, out RolloutScheduler? known))
            return known;
        return _schedulers[key] = new RolloutScheduler(
            [.. nodes.Select((node, i) => places[i].Track(node))],
            shape.Widths,
            shape.MaxFailures
        );
    }
}
