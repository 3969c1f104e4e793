using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout;

/// <summary>
/// A small cluster with the real scheduler, the real rules of resuming and the real memory of the journal, and
/// everything that can happen to it: each step succeeds, fails without effect, or fails after its effect; nodes come
/// back late, with the old image, or never; the operator is killed at any moment and started again, as often as it likes
/// and each time with any of the nodes.
/// All states that can be reached are visited, or all that can be with so many faults: a fault is a step that fails, a
/// node that comes back with the old image, or an operator that is started again.
/// </summary>
/// <remarks>
/// A state is a number for each node, side by side in 64 bits; nothing is hashed away. What cannot matter any more is not
/// told apart (<see cref="ModelNode.Canonical"/>). That an effect and its report are one transition leaves nothing out:
/// what another node does in between depends on this one only if both are control planes under way, and that is an error
/// of its own.
/// </remarks>
internal sealed class RolloutModel
{
    private readonly ModelShape _shape;
    private readonly ModelPlace[] _places;
    private readonly ModelSchedulers _schedulers;
    private readonly ModelKeys _seen = new(),
        _left = new(),
        _restarted = new();
    private Stack<ulong> _open = new(),
        _later = new();
    private ModelKeys _waiting = new();

    internal RolloutModel(ModelShape shape)
    {
        _shape = shape;
        _places = [.. Enumerable.Range(0, shape.Count).Select(i => new ModelPlace(shape, i))];
        _schedulers = new ModelSchedulers(shape, _places);
    }

    /// <summary>What is wrong, with the way that led there; null when nothing is.</summary>
    public string? Wrong { get; private set; }

    /// <summary>States visited.</summary>
    public long States { get; private set; }

    /// <summary>Ways from one state to another that were followed.</summary>
    public long Transitions { get; private set; }

    /// <summary>The end states (nothing of the operator's runs) that were seen.</summary>
    public long Ends { get; private set; }

    /// <summary>How many faults it took to reach the last of them.</summary>
    public int Faults { get; private set; }

    /// <summary>Plans made anew after the operator was gone.</summary>
    public long Restarts { get; private set; }

    /// <summary>Visits the states.</summary>
    /// <param name="limit">More of them are an error.</param>
    /// <param name="faults">How many faults there may be on the way to a state.</param>
    public void Run(long limit, int faults = int.MaxValue)
    {
        Span<int> ids = stackalloc int[_shape.Count];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = _places[i].Id(new ModelNode { Up = true });
        Plan(ids, 0, fault: 0);
        for (int used = 0; Wrong is null; used++)
        {
            while (Wrong is null && _open.TryPop(out ulong state))
            {
                if (++States > limit)
                    throw new InvalidOperationException($"More than {limit} states, with {used} faults.");
                Follow(state);
            }

            // What takes one fault more comes when all is known that takes fewer: each state is followed once.
            if (used == faults || _later.Count == 0)
                return;
            (_open, _later, _waiting) = (
                new Stack<ulong>(_later.Where(_seen.Add)),
                new Stack<ulong>(),
                new ModelKeys()
            );
            Faults = used + 1;
        }
    }

    private void Follow(ulong state)
    {
        Span<int> ids = stackalloc int[_shape.Count];
        Unpack(state, ids);
        bool whole = true,
            over = true;
        for (int i = 0; i < ids.Length; i++)
        {
            ModelNode node = _places[i][ids[i]];
            if (_shape.IsControlPlane(i))
                whole &= node.Up;
            over &= node.State.IsOver;
        }

        if (over)
            Ends++;
        Span<int> next = stackalloc int[_shape.Count];
        ulong sets = 0;
        for (int i = 0; i < ids.Length && Wrong is null; i++)
        {
            bool gate = _shape.IsControlPlane(i) ? whole : _places[i][ids[i]].Up;
            foreach (int up in _places[i].Returns(ids[i]))
            {
                ids.CopyTo(next);
                next[i] = up;
                Visit(next, state, _places[i][ids[i]].Staged && !_places[i][up].RunsNew ? 1 : 0);
            }

            foreach ((int after, bool succeeded) in _places[i].Effects(ids[i], gate))
            {
                ids.CopyTo(next);
                next[i] = after;
                Take(next, _schedulers.Report(next, i, succeeded));
                Visit(next, state, succeeded ? 0 : 1);
            }

            int set = _places[i].WorldsOf(ids[i], gate);
            if (set >= 1 << ModelPlace.Bits)
                throw new InvalidOperationException("Too many sets of worlds.");
            sets |= (ulong)set << (ModelPlace.Bits * i);
        }

        // Killed, or ended, and started again: only the world and the journal are left. What runs had its effect, or not.
        if (Wrong is null && _left.Add(sets))
            Leave(sets, 0, next, state);
    }

    private void Leave(ulong sets, int from, Span<int> worlds, ulong state)
    {
        if (from == worlds.Length)
        {
            if (!_restarted.Add(Pack(worlds)))
                return;
            Restarts++;
            Plan(worlds, state, fault: 1);
            return;
        }

        foreach (
            int world in _places[from].Worlds((int)(sets >> (ModelPlace.Bits * from)) & ((1 << ModelPlace.Bits) - 1))
        )
        {
            worlds[from] = world;
            Leave(sets, from + 1, worlds, state);
        }
    }

    private void Plan(ReadOnlySpan<int> worlds, ulong from, int fault)
    {
        Span<int> ids = stackalloc int[worlds.Length];
        foreach (int given in _shape.Choices)
        {
            for (int i = 0; i < ids.Length; i++)
                ids[i] = _places[i].Planned(worlds[i], (given & (1 << i)) != 0);
            Take(ids, _schedulers.Begin(ids));
            Visit(ids, from, fault);
        }
    }

    private void Take(Span<int> ids, ulong answer)
    {
        for (int i = 0; i < ids.Length; i++)
            ids[i] = _places[i].Taken(ids[i], _schedulers.Turn(answer, i));
    }

    private void Visit(ReadOnlySpan<int> ids, ulong from, int fault)
    {
        Transitions++;
        ulong key = Pack(ids);
        if (Wrong is not null || !(fault == 0 ? _seen.Add(key) : !_seen.Contains(key) && _waiting.Add(key)))
            return;
        Wrong = Check(ids);
        if (Wrong is null)
            (fault == 0 ? _open : _later).Push(key);
        else
            Wrong += $"\n  from {Show(from)}\n  to   {Show(key)}";
    }

    private string? Check(ReadOnlySpan<int> ids)
    {
        int controlPlanes = 0,
            down = 0,
            controlPlanesUnderWay = 0,
            workersUnderWay = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (_places[i].Wrong(ids[i]) is { } wrong)
                return wrong;
            ModelNode node = _places[i][ids[i]];
            if (_shape.IsControlPlane(i))
            {
                controlPlanes++;
                if (!node.Up)
                    down++;
                if (node.State.IsUnderWay)
                    controlPlanesUnderWay++;
            }
            else if (node.State.IsUnderWay && !node.InFlight)
            {
                workersUnderWay++;
            }
        }

        return controlPlanesUnderWay > 1 ? "Two control planes are under way."
            : down > 1 ? $"{down} control planes are down."
            : controlPlanes - down < (controlPlanes / 2) + 1 ? "etcd has lost its quorum."
            : workersUnderWay > _shape.Width ? $"{workersUnderWay} workers at once."
            : null;
    }

    private static ulong Pack(ReadOnlySpan<int> ids)
    {
        ulong key = 0;
        for (int i = 0; i < ids.Length; i++)
            key |= (ulong)ids[i] << (ModelPlace.Bits * i);
        return key;
    }

    private static void Unpack(ulong key, Span<int> ids)
    {
        for (int i = 0; i < ids.Length; i++)
            ids[i] = (int)(key >> (ModelPlace.Bits * i)) & ((1 << ModelPlace.Bits) - 1);
    }

    private string Show(ulong key)
    {
        Span<int> ids = stackalloc int[_shape.Count];
        Unpack(key, ids);
        var nodes = new string[ids.Length];
        for (int i = 0; i < ids.Length; i++)
            nodes[i] = $"n{i} {_places[i][ids[i]].Show()}";
        return string.Join("; ", nodes);
    }
}
