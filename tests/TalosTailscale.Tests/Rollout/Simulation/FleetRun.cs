using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout.Simulation;

/// <summary>
/// One seed: a fleet with random faults, an operator that is killed at random and started again, until a run comes to its
/// end; then what is reported is compared with what is so.
/// </summary>
internal sealed class FleetRun(int seed, int workers, string folder)
{
    private readonly Random _random = new(seed);

    public List<string> Wrong { get; } = [];

    public int Kills { get; private set; }

    public int ApiRestarts { get; private set; }

    public int Restarts { get; private set; }

    public int LowestControlPlanes { get; private set; }

    public int MostWorkersDown { get; private set; }

    public int Done { get; private set; }

    public int Failed { get; private set; }

    public int Left { get; private set; }

    public async Task PlayAsync(CancellationToken cancellationToken)
    {
        SimulatedFleet fleet = Make();
        string path = Path.Combine(folder, $"fleet-{seed}.jsonl");
        File.Delete(path);
        var options = new RolloutOptions { Width = RolloutWidth.Parse("10%"), MaxFailures = int.MaxValue };
        int kills = _random.Next(0, 6);
        while (true)
        {
            bool kill = Kills < kills;
            Dictionary<string, TsRolloutStatus> report = [];
            bool ended = await RunAsync(fleet, path, options, kill, report, cancellationToken);
            if (!ended)
                continue;
            Judge(fleet, report);
            break;
        }

        Wrong.AddRange(fleet.Broken.Distinct());
        (LowestControlPlanes, MostWorkersDown) = (fleet.LowestControlPlanes, fleet.MostWorkersDown);
        Restarts = fleet.Nodes.Sum(node => node.Restarts);
    }

    private SimulatedFleet Make()
    {
        var nodes = new List<SimulatedNode>();
        for (int i = 0; i < 3 + workers; i++)
        {
            nodes.Add(
                new SimulatedNode(
                    i < 3 ? $"control-{i}" : $"worker-{i - 3:D3}",
                    i < 3,
                    _random.Next(2) == 0 ? TsRolloutMethod.UkiSwap : TsRolloutMethod.Upgrade
                )
                {
                    SlowBoot = _random.Next(20) == 0,
                }
            );
        }

        SimulatedNode[] faulty = _random.GetItems(nodes.Skip(3).ToArray(), 8).Distinct().Take(4).ToArray();
        if (_random.Next(4) == 0)
            nodes[_random.Next(3)].NeverReturns = true;
        else
            faulty[0].NeverReturns = true;
        if (faulty.Length > 1)
            faulty[1].KeyExpired = true;
        if (faulty.Length > 2)
            faulty[2].KeyExpired = true;
        if (faulty.Length > 3)
            faulty[3].EspFull = true;
        return new SimulatedFleet(nodes, seed, instant: false);
    }

    // Killed: at one instant nothing more has an effect, and of the journal is left what was on the disk.
    private async Task<bool> RunAsync(
        SimulatedFleet fleet,
        string path,
        RolloutOptions options,
        bool kill,
        Dictionary<string, TsRolloutStatus> report,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyDictionary<string, RolloutMemory> memories = await RolloutJournal.ReadAsync(path, cancellationToken);
        foreach (SimulatedNode node in fleet.Nodes)
            if (!memories.GetValueOrDefault(node.Name, RolloutMemory.Empty).InFlight)
                node.RestartsBefore = node.Restarts;
        RolloutPlan plan = RolloutPlanner.Plan(
            "fleet",
            fleet.Facts(),
            key => memories.GetValueOrDefault(key, RolloutMemory.Empty),
            options
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        RolloutJournal journal = await RolloutJournal.OpenAsync(path, cancellationToken);
        int dies = kill ? _random.Next(1, 10 * workers) : int.MaxValue;
        long length = -1;
        int steps = 0;
        try
        {
            await foreach (
                RolloutStepEnd end in new RolloutRunner(plan, fleet, journal, TimeProvider.System).RunAsync(stop.Token)
            )
            {
                if (report.GetValueOrDefault(end.Step.Node) != TsRolloutStatus.Failed)
                    report[end.Step.Node] = end.Step.Status;
                if (_random.Next(300) == 0)
                {
                    ApiRestarts++;
                    fleet.RestartApi(TimeSpan.FromMilliseconds(_random.Next(1, 15)));
                }

                if (++steps < dies)
                    continue;
                fleet.Freeze();
                length = new FileInfo(path).Length;
                await stop.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (length >= 0)
        {
            Kills++;
        }
        finally
        {
            await journal.DisposeAsync();
        }

        if (length < 0)
            return true;
        using (FileStream file = File.OpenWrite(path))
            file.SetLength(length);
        fleet.Thaw();
        return false;
    }

    private void Judge(SimulatedFleet fleet, Dictionary<string, TsRolloutStatus> report)
    {
        bool controlPlaneLost = fleet.Nodes.Any(node => node is { IsControlPlane: true, IsSound: false });
        foreach (SimulatedNode node in fleet.Nodes)
        {
            TsRolloutStatus status = report.GetValueOrDefault(node.Name);
            if (status == TsRolloutStatus.Done)
                Done++;
            else if (status == TsRolloutStatus.Failed)
                Failed++;
            else
                Left++;
            bool well = node is { Up: true, RunsNew: true, Cordoned: false, KeyExpired: false };
            if ((status == TsRolloutStatus.Done) != well)
                Wrong.Add($"{node} is reported as {status}.");
            if (status == TsRolloutStatus.Skipped && !(node.IsControlPlane && controlPlaneLost))
                Wrong.Add($"{node} was left out.");
            if (status == TsRolloutStatus.Skipped && (node.Restarts > 0 || node.Cordoned))
                Wrong.Add($"{node} was left out, and touched.");
            if (status == TsRolloutStatus.Failed && node.IsSound)
                Wrong.Add($"{node} is sound and failed.");
            if (node.Restarts > 1 && node.IsSound)
                Wrong.Add($"{node} was restarted {node.Restarts} times.");
        }
    }
}
