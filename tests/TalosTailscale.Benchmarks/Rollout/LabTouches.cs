using System.Collections.Concurrent;
using TalosTailscale.Lab;

namespace TalosTailscale.Benchmarks.Rollout;

/// <summary>
/// Who was changed in which run, and what the runs said. A node may be changed the same way again only by a later run,
/// and only where its attempt of before had failed or its state was not known, and where the report says so.
/// </summary>
internal sealed class LabTouches
{
    private readonly ConcurrentQueue<(int Run, string Node, LabTouch What)> _touches = new();
    private readonly HashSet<(int Run, string Node)> _failed = [];
    private readonly Dictionary<(int Run, string Node), OperatorIntent> _plans = [];
    private readonly HashSet<int> _stopped = [];

    /// <summary>The run that is under way; what comes late from one that was killed is still of that one.</summary>
    public int Run { get; set; }

    public int AgainAfterFailure { get; private set; }

    public int AgainWhereUnknown { get; private set; }

    /// <summary>Nodes that were restarted more than once.</summary>
    public int RestartedAgain { get; private set; }

    public void Watch(LabNode node) => node.Touched += (_, what) => _touches.Enqueue((Run, node.Name, what));

    public void Stopped() => _stopped.Add(Run);

    public void Read(OperatorLine line)
    {
        foreach (OperatorIntent intent in line.Plan ?? [])
            _plans[(Run, intent.Node)] = intent;
        if (line.Step is { Status: TsRolloutStatus.Failed } step)
            _failed.Add((Run, step.Node));
    }

    /// <summary>What was done again.</summary>
    /// <returns>In words; and whether it may be.</returns>
    public IEnumerable<(string What, bool Allowed)> Again()
    {
        foreach (var same in _touches.GroupBy(touch => (touch.Node, touch.What)).Where(group => group.Count() > 1))
        {
            RestartedAgain += same.Key.What == LabTouch.Restart ? 1 : 0;
            int before = -1;
            foreach (int run in same.Select(touch => touch.Run))
            {
                if (before >= 0)
                {
                    string? why = Why(same.Key.Node, before, run);
                    yield return (
                        $"{same.Key.Node} again: {same.Key.What} in the runs {before} and {run}, {why ?? "for no reason that was told"}",
                        why is not null
                    );
                }

                before = run;
            }
        }
    }

    private string? Why(string node, int before, int now)
    {
        OperatorIntent? plan = _plans.GetValueOrDefault((now, node));
        if (before == now)
            return null;
        int failed = Enumerable.Range(before, now - before).FirstOrDefault(run => _failed.Contains((run, node)), -1);
        if (failed >= 0)
        {
            AgainAfterFailure++;
            return $"its failure was reported by run {failed}, and the plan says: {plan?.Reason}";
        }

        if (plan is null || !Enumerable.Range(before, now - before).Any(_stopped.Contains))
            return null;
        if (plan.Reason.Contains("failed", StringComparison.Ordinal))
        {
            AgainAfterFailure++;
            return $"the plan says: {plan.Reason}";
        }

        if (!plan.InFlight)
            return null;
        AgainWhereUnknown++;
        return $"left in the middle, as the plan says: {plan.Reason}";
    }
}
