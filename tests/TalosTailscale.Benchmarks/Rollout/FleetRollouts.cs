using System.Diagnostics;
using System.Globalization;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Tests.Rollout;
using TalosTailscale.Tests.Rollout.Simulation;

namespace TalosTailscale.Benchmarks.Rollout;

/// <summary>
/// Rollouts of fleets: planning and orchestration of 1000 nodes, and faults and kills on simulated fleets
/// (<c>fleet --nodes 1000 --seeds 100 --workers 200</c>); <c>fleet --lab --workers 200 --seeds 1</c> does it
/// on the lab, over its APIs; <c>fleet --model</c> visits every state of the larger models.
/// </summary>
internal static class FleetRollouts
{
    private const int Issue = 8;

    public static async Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(string[] args)
    {
        int Option(string name, int otherwise)
        {
            int at = Array.IndexOf(args, name);
            return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
        }

        if (args.Contains("--model"))
            return Model(Option("--states", 200_000_000), Option("--faults", 4));
        if (args.Contains("--lab"))
            return await LabAsync(Option("--first", 1), Option("--seeds", 1), Option("--workers", 200));
        string folder = Directory.CreateTempSubdirectory("talostailscale-fleet-").FullName;
        try
        {
            var rows = new List<BenchmarkRow>(await PlanAsync(Option("--nodes", 1000), folder));
            if (Option("--seeds", 100) is > 0 and var seeds)
                rows.AddRange(await SeedsAsync(Option("--first", 1), seeds, Option("--workers", 200), folder));
            return rows;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<BenchmarkRow>> SeedsAsync(int first, int count, int workers, string folder)
    {
        int wrong = 0,
            kills = 0,
            api = 0,
            restarts = 0,
            done = 0,
            failed = 0,
            left = 0,
            lowest = int.MaxValue,
            most = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            var run = new FleetRun(seed, workers, folder);
            await run.PlayAsync(CancellationToken.None);
            foreach (string line in run.Wrong)
                Console.Error.WriteLine($"seed {seed}: {line}");
            wrong += run.Wrong.Count == 0 ? 0 : 1;
            (kills, api, restarts) = (kills + run.Kills, api + run.ApiRestarts, restarts + run.Restarts);
            (done, failed, left) = (done + run.Done, failed + run.Failed, left + run.Left);
            (lowest, most) = (Math.Min(lowest, run.LowestControlPlanes), Math.Max(most, run.MostWorkersDown));
        }

        string fleet = $"simulated fleet of 3 control planes and {workers} workers, {count} seeds";
        return
        [
            new(Issue, $"{fleet}: seeds with a broken rule or a false report", $"{wrong}", null, "0", wrong == 0),
            new(Issue, $"{fleet}: fewest control planes up", $"{lowest} of 3", null, "2", lowest >= 2),
            new(
                Issue,
                $"{fleet}: kills of the operator, API restarts, restarts of nodes, most workers down",
                $"{kills}, {api}, {restarts}, {most}"
            ),
            new(Issue, $"{fleet}: nodes done, failed, left out", $"{done}, {failed}, {left}"),
        ];
    }

    private static async Task<IReadOnlyList<BenchmarkRow>> LabAsync(int first, int count, int workers)
    {
        var runs = new List<LabFleetRun>();
        var clock = Stopwatch.StartNew();
        for (int seed = first; seed < first + count; seed++)
        {
            var run = new LabFleetRun(seed, workers);
            await run.PlayAsync();
            foreach (string line in run.Wrong)
                Console.Error.WriteLine($"seed {seed}: WRONG: {line}");
            foreach (string line in run.Again)
                Console.Error.WriteLine($"seed {seed}: {line}");
            Console.Error.WriteLine(
                FormattableString.Invariant(
                    $"seed {seed}: {run.Wrong.Count} wrong; cancels {run.Cancels}, kills {run.Kills}, moves {run.Moves}, refused by the lease {run.Refused}, broken off {run.BrokenOff}, API restarts {run.ApiRestarts}, fewest etcd members {run.LowestMembers}, most control planes down {run.MostDown}, restarted again {run.Touches.RestartedAgain}, again after a failure {run.Touches.AgainAfterFailure}, again where unknown {run.Touches.AgainWhereUnknown}; done {run.Done}, failed {run.Failed}, left {run.Left}, cut {run.Cut}; {clock.Elapsed.TotalSeconds:0} s, CPU {Environment.CpuUsage.TotalTime.TotalSeconds:0} s, {Environment.WorkingSet >> 20} MiB"
                )
            );
            runs.Add(run);
        }

        string fleet = $"lab fleet of 3 control planes and {workers} workers over the real APIs, {count} seeds";
        int wrong = runs.Count(run => run.Wrong.Count > 0),
            lowest = runs.Min(run => run.LowestMembers),
            down = runs.Max(run => run.MostDown);
        int Sum(Func<LabFleetRun, int> of) => runs.Sum(of);
        return
        [
            new(
                Issue,
                $"{fleet}: seeds with a broken rule or a false report",
                $"{wrong} ({clock.Elapsed.TotalSeconds:0} s)",
                null,
                "0",
                wrong == 0
            ),
            new(Issue, $"{fleet}: fewest etcd members running", $"{lowest} of 3", null, "2", lowest >= 2),
            new(Issue, $"{fleet}: most control planes down at once", $"{down}", null, "1", down <= 1),
            new(
                Issue,
                $"{fleet}: nodes restarted again; changes made again after a reported failure, where the state was not known",
                $"{Sum(r => r.Touches.RestartedAgain)}; {Sum(r => r.Touches.AgainAfterFailure)}, {Sum(r => r.Touches.AgainWhereUnknown)}"
            ),
            new(
                Issue,
                $"{fleet}: operator cancelled, killed, gone on from another machine, refused by a lease, broken off by itself; API restarts",
                $"{Sum(r => r.Cancels)}, {Sum(r => r.Kills)}, {Sum(r => r.Moves)}, {Sum(r => r.Refused)}, {Sum(r => r.BrokenOff)}; {Sum(r => r.ApiRestarts)}"
            ),
            new(
                Issue,
                $"{fleet}: nodes done, failed, left out, cut by an API restart",
                $"{Sum(r => r.Done)}, {Sum(r => r.Failed)}, {Sum(r => r.Left)}, {Sum(r => r.Cut)}"
            ),
        ];
    }

    // Steps that cost nothing and a real journal: what is left is planning, scheduling and writing down.
    private static async Task<IReadOnlyList<BenchmarkRow>> PlanAsync(int count, string folder)
    {
        SimulatedNode[] nodes =
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new SimulatedNode(
                    i < 3 ? $"control-{i}" : $"worker-{i:D4}",
                    i < 3,
                    TsRolloutMethod.UkiSwap
                )),
        ];
        var fleet = new SimulatedFleet(nodes, 1, instant: true);
        var options = new RolloutOptions { Width = RolloutWidth.Parse("50") };
        IReadOnlyList<RolloutNodeFacts> facts = fleet.Facts();
        var clock = Stopwatch.StartNew();
        RolloutPlan plan = RolloutPlanner.Plan("fleet", facts, _ => RolloutMemory.Empty, options);
        int steps = plan.View.Steps.Count;
        double planned = clock.Elapsed.TotalMilliseconds;

        long before = GC.GetTotalMemory(forceFullCollection: true),
            allocated = GC.GetTotalAllocatedBytes(),
            peak = 0;
        int ended = 0,
            failed = 0;
        double spent = 0;
        clock.Restart();
        RolloutJournal journal = await RolloutJournal.OpenAsync(
            Path.Combine(folder, "plan.jsonl"),
            CancellationToken.None
        );
        await using (journal)
        {
            await foreach (
                RolloutStepEnd end in new RolloutRunner(plan, fleet, journal, TimeProvider.System).RunAsync(
                    CancellationToken.None
                )
            )
            {
                failed += end.Step.Status == TsRolloutStatus.Done ? 0 : 1;
                if (++ended % 2000 != 0)
                    continue;
                spent += clock.Elapsed.TotalMilliseconds;
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true));
                clock.Restart();
            }
        }

        double each = (spent + clock.Elapsed.TotalMilliseconds) / count;
        double bytes = (GC.GetTotalAllocatedBytes() - allocated) / (double)count;
        return
        [
            new(
                Issue,
                $"{count} nodes planned, {steps} steps",
                Figures.Milliseconds(planned),
                null,
                "2000 ms",
                planned < 2000
            ),
            new(
                Issue,
                $"orchestration of a node, of {count}, journal flushed to disk ({ended} steps, {failed} failed)",
                Figures.Milliseconds(each),
                null,
                "20 ms",
                each < 20 && failed == 0
            ),
            new(
                Issue,
                $"live memory above the plan's, {count} nodes; allocated for a node",
                $"{Figures.Megabytes(Math.Max(0, peak - before))}; {bytes / 1024:0.0} KiB"
            ),
        ];
    }

    private static List<BenchmarkRow> Model(int limit, int faults)
    {
        const int Any = int.MaxValue;
        (string Name, int Faults, ModelShape Shape)[] shapes =
        [
            ("stop at the first failure, 2 workers at once", Any, new ModelShape(3, 2, false, 2, 1, [1, 4])),
            ("stop at the second failure, 2 workers at once", Any, new ModelShape(3, 2, false, 2, 2, [1, 4])),
            ("stop at the third failure, 2 workers at once", faults, new ModelShape(3, 2, false, 2, 3, [1, 4])),
            ("go on after failures", Any, new ModelShape(3, 1, false, 1, 5, [1, 3])),
            ("runs of some of the nodes", faults, new ModelShape(3, 0, false, 1, 5, [1]) { Subsets = true }),
            ("runs of some of the nodes", 3, new ModelShape(3, 1, false, 1, 2, [1, 3]) { Subsets = true }),
            ("go on after failures, 1 worker at once", faults, new ModelShape(3, 2, false, 1, 5, [1, 4])),
            ("go on after failures, 2 workers at once", faults, new ModelShape(3, 2, false, 2, 5, [1, 4])),
        ];
        var rows = new List<BenchmarkRow>();
        foreach ((string name, int most, ModelShape shape) in shapes)
        {
            var clock = Stopwatch.StartNew();
            var model = new RolloutModel(shape);
            string what =
                $"model: {shape.ControlPlanes} control planes, {shape.Workers} workers, {name}, {(most == Any ? "any number of" : $"at most {most}")} faults";
            try
            {
                model.Run(limit, most);
                rows.Add(
                    new(
                        Issue,
                        what,
                        $"{model.States} states, {model.Transitions} transitions, {clock.Elapsed.TotalSeconds:0} s: {model.Wrong ?? "no rule broken"}",
                        null,
                        "no rule broken",
                        model.Wrong is null
                    )
                );
            }
            catch (InvalidOperationException e)
            {
                rows.Add(
                    new(
                        Issue,
                        what,
                        $"not ended: {e.Message} No rule broken until then.",
                        null,
                        "no rule broken",
                        false
                    )
                );
            }

            Console.Error.WriteLine(rows[^1]);
        }

        return rows;
    }
}
