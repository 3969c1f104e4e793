using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Rollout;

/// <summary>From what was read to waves, nodes and steps: pure.</summary>
internal static class RolloutPlanner
{
    /// <summary>
    /// Plans. One worker goes alone, so that a wrong image or key shows on a node that etcd can do without; then the other
    /// workers; then the control planes, one at a time.
    /// </summary>
    internal static RolloutPlan Plan(
        string cluster,
        IReadOnlyList<RolloutNodeFacts> nodes,
        Func<string, RolloutMemory> memoryOf,
        RolloutOptions options
    )
    {
        RolloutMemory MemoryOf(RolloutNodeFacts facts)
        {
            RolloutMemory memory = memoryOf(RolloutWork.KeyOf(facts));
            return options.GoBack ? memory.ForTheWayBack() : memory;
        }
        TsException? RefusalOf(RolloutNodeFacts facts) => WayBack.Refusal(facts, MemoryOf(facts));
        TsException[] refusals = options.GoBack ? [.. nodes.Select(RefusalOf).OfType<TsException>()] : [];
        if (refusals.Length > 0)
            nodes = [.. nodes.Where(facts => RefusalOf(facts) is null)];
        var works = new List<RolloutWork>(nodes.Count);
        var views = new List<TsRolloutNode>(nodes.Count);
        int workers = nodes.Count(node => !node.IsControlPlane);
        bool scout = workers > 1;
        bool taken = false;
        int firstControlPlane = (scout ? 2 : workers) + 1;
        foreach (
            RolloutNodeFacts facts in nodes.Where(n => !n.IsControlPlane).Concat(nodes.Where(n => n.IsControlPlane))
        )
        {
            RolloutMemory memory = MemoryOf(facts);
            (bool inFlight, IReadOnlyList<TsRolloutAction> steps) = RolloutTracks.For(facts, memory);
            if (options.SkipDrain)
                steps = [.. steps.Where(step => step is not (TsRolloutAction.Cordon or TsRolloutAction.Drain))];
            if (options.GoBack)
                steps = [.. steps.Where(step => step != TsRolloutAction.Patch)];

            // Who has the image already proves nothing for the others: the scout is one that gets it.
            bool isScout = scout && !taken && !facts.IsControlPlane && steps.Contains(TsRolloutAction.Activate);
            taken |= isScout;
            int wave =
                facts.IsControlPlane ? firstControlPlane
                : isScout || !scout ? 1
                : 2;
            (TsRolloutMethod method, string reason) = RolloutMethods.Choose(facts, memory, steps, options);
            if (memory.Outcome == RolloutOutcome.Failed && steps.Contains(TsRolloutAction.Activate))
                reason += "; again, since the attempt before failed";
            if (facts.Silence is { } silence)
                reason =
                    $"the node could not be read ({silence.Message.TrimEnd('.')}), so nothing is known of it; {reason}";
            var work = new RolloutWork
            {
                Facts = facts,
                Memory = memory,
                Track = new RolloutTrack(
                    wave,
                    facts.IsControlPlane,
                    inFlight,
                    RolloutTracks.IsCordoned(facts, memory),
                    steps
                ),
                Method = method,
                GoesBack = options.GoBack,
                BootId = memory.RestartBegun ? memory.BootId : null,
            };
            works.Add(work);
            views.Add(View(work, reason));
        }

        int[] widths = scout ? [1, options.Width.Of(workers), 1] : [1, 1];
        var view = new TsRolloutPlan
        {
            Cluster = cluster,
            Nodes = [.. views.OrderByDescending(node => node.InFlight).ThenBy(node => node.Wave)],
            WaveWidths = widths[..Math.Max(1, works.Select(w => w.Track.Wave).DefaultIfEmpty(1).Max())],
            MaxFailures = options.MaxFailures,
        };
        return new RolloutPlan(
            view,
            [.. works.OrderByDescending(work => work.Track.InFlight).ThenBy(work => work.Track.Wave)],
            refusals
        );
    }

    private static TsRolloutNode View(RolloutWork work, string reason) =>
        new()
        {
            Node = work.Node.Name,
            Wave = work.Track.Wave,
            IsControlPlane = work.Track.IsControlPlane,
            IsOnlyControlPlane =
                work.Facts.IsOnlyEtcdVoter
                && work.Track.Steps.Any(step => step is TsRolloutAction.Activate or TsRolloutAction.Restart),
            InFlight = work.Track.InFlight,
            Method = work.Method,
            Reason = string.Join(
                "; ",
                KnownProblem
                    .Of(TalosTag.Parse(work.Facts.TalosVersion))
                    .Select(problem => problem.ToString())
                    .Prepend(reason)
            ),
            SchematicId = work.Facts.WantedSchematicId,
            Steps =
            [
                .. work.Track.Steps.Select(action => new TsRolloutStep
                {
                    Node = work.Node.Name,
                    Wave = work.Track.Wave,
                    Action = action,
                    Description = RolloutWords.Description(work, action),
                    Gate = RolloutWords.Gate(work, action),
                }),
            ],
        };
}
