using System.Text.Json;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;

namespace TalosTailscale.Benchmarks.Rollout;

/// <summary>
/// One seed on the lab, over the real APIs: a fleet with random faults and an operator in a process of its own, that is
/// stopped or killed at random and started again, until a run comes to its end.
/// </summary>
internal sealed class LabFleetRun(int seed, int workers)
{
    private static readonly TimeSpan s_refused = TimeSpan.FromSeconds(2);

    private readonly Random _random = new(seed);
    private readonly object _lock = new();
    private LabNode[] _controlPlanes = [];

    public List<string> Wrong { get; } = [];

    /// <summary>What was done again to a node, and why.</summary>
    public List<string> Again { get; } = [];

    public LabTouches Touches { get; } = new();

    public int Cancels { get; private set; }

    public int Kills { get; private set; }

    /// <summary>Operators that came from another machine than the one before.</summary>
    public int Moves { get; private set; }

    /// <summary>Operators that were refused because of the lease of one that was killed.</summary>
    public int Refused { get; private set; }

    /// <summary>Runs that said why they could not go on, such as for the loss of the lease on a busy machine.</summary>
    public int BrokenOff { get; private set; }

    public int ApiRestarts { get; private set; }

    public int LowestMembers { get; private set; } = int.MaxValue;

    /// <summary>Control planes that were down at once.</summary>
    public int MostDown { get; private set; }

    public int Done { get; private set; }

    public int Failed { get; private set; }

    public int Left { get; private set; }

    /// <summary>Swaps that an API restart left for a person to look at.</summary>
    public int Cut { get; private set; }

    public async Task PlayAsync()
    {
        var options = new LabOptions
        {
            Nodes =
            [
                .. LabNodeOptions
                    .Many(3 + workers)
                    .Select(
                        (node, i) =>
                            node with
                            {
                                Architecture = i % 8 == 5 ? TalosArchitecture.Arm64 : TalosArchitecture.Amd64,
                            }
                    ),
            ],
            BootTime = TimeSpan.FromMilliseconds(100),
            SlowBootTime = TimeSpan.FromSeconds(2),
        };
        await using LabCluster lab = await LabCluster.StartAsync(options);
        LabNode[] faulty = Spoil(lab);
        Watch(lab);
        LabClientFiles files = lab.WriteClientFiles();
        TsNode[] nodes =
        [
            .. lab.Nodes.Select(node => new TsNode
            {
                Name = node.Name,
                Address = node.Address,
                KubernetesName = node.Hostname,
                Architecture = node.Architecture,
            }),
        ];
        string order = files.AddFile(
            "order.json",
            JsonSerializer.Serialize(
                new OperatorOrder(
                    files.Folder,
                    new Uri(files.Environment["TALOSTAILSCALE_FACTORY"]),
                    options.AuthKey,
                    nodes
                )
            )
        );
        Dictionary<string, TsRolloutStep> report = await RunToEndAsync(lab, order);
        await JudgeAsync(lab, files, faulty, report);
    }

    private LabNode[] Spoil(LabCluster lab)
    {
        LabNode[] faulty = [.. _random.GetItems(lab.Nodes.Skip(3).ToArray(), 12).Distinct().Take(4)];
        LabFault[] faults = [LabFault.NeverBoots, LabFault.ExpiredKey, LabFault.ExpiredKey, LabFault.FullEsp];
        for (int i = 0; i < faulty.Length; i++)
            faulty[i].Faults.Set(faults[i]);
        foreach (LabNode node in lab.Nodes.Except(faulty).Where(_ => _random.Next(20) == 0))
            node.Faults.Set(LabFault.SlowBoot);
        return faulty;
    }

    private void Watch(LabCluster lab)
    {
        _controlPlanes = [.. lab.Nodes.Where(node => node.IsControlPlane)];
        foreach (LabNode node in lab.Nodes)
            Touches.Watch(node);
        foreach (LabNode node in _controlPlanes)
        {
            node.Changed += (_, _) =>
            {
                int up = _controlPlanes.Count(other => other.Services["etcd"]?.State == "Running");
                int down = _controlPlanes.Count(other => !other.IsApiUp);
                lock (_lock)
                    (LowestMembers, MostDown) = (Math.Min(LowestMembers, up), Math.Max(MostDown, down));
            };
        }
    }

    private async Task<Dictionary<string, TsRolloutStep>> RunToEndAsync(LabCluster lab, string order)
    {
        int stops = _random.Next(1, 4),
            machine = 0;
        for (; ; Touches.Run++)
        {
            Dictionary<string, TsRolloutStep> report = [];
            bool stop = Cancels + Kills < stops,
                kill = stop && _random.Next(3) != 0;
            int dies = stop ? _random.Next(0, 8 * workers) : int.MaxValue;
            string? end = await RunAsync(lab, order, machine == 0 ? null : $"operator-{machine}", (dies, kill), report);
            if (end == OperatorLine.Over)
                return report;
            Touches.Stopped();
            if (end == "LeaseHeld" && Kills > 0 && ++Refused < 50)
                await Task.Delay(s_refused);
            else if (end is null && kill)
                Kills++;
            else if (end == "stopped" && stop)
                Cancels++;
            else if (end is not null && ++BrokenOff < 10)
                Console.Error.WriteLine($"seed {seed}: run {Touches.Run} broke off with {end}");
            else
                throw new InvalidOperationException(
                    $"seed {seed}: run {Touches.Run} ended with '{end ?? "nothing said"}'."
                );
            if (end is not null || !LabOperator.CanMove || _random.Next(2) == 0)
                continue;
            machine++;
            Moves++;
        }
    }

    private async Task<string?> RunAsync(
        LabCluster lab,
        string order,
        string? machine,
        (int Dies, bool Kill) fate,
        Dictionary<string, TsRolloutStep> report
    )
    {
        string? end = null;
        int steps = 0;
        using LabOperator person = LabOperator.Start(order, machine);
        await foreach (OperatorLine line in person.LinesAsync())
        {
            Touches.Read(line);
            end = line.End;
            if (line.Step is { } step)
            {
                steps++;
                if (report.GetValueOrDefault(step.Node)?.Status != TsRolloutStatus.Failed)
                    report[step.Node] = step;
                if (_random.Next(400) == 0)
                {
                    ApiRestarts++;
                    await lab.Part<LabKubernetesPart>()!.Api.RestartAsync(TimeSpan.FromMilliseconds(100));
                }
            }

            if (steps < fate.Dies || end is not null)
                continue;
            fate.Dies = int.MaxValue;
            if (!fate.Kill)
            {
                person.Cancel();
                continue;
            }

            await Task.Delay(_random.Next(200)); // not only where a step has just ended
            person.Kill();
        }

        return end;
    }

    private async Task JudgeAsync(
        LabCluster lab,
        LabClientFiles files,
        LabNode[] faulty,
        Dictionary<string, TsRolloutStep> report
    )
    {
        using KubernetesConnection cluster = KubernetesConnection.Open(files.Environment["KUBECONFIG"]);
        IReadOnlyList<KubernetesNodeState> states = await KubernetesNodes.ListAsync(cluster, CancellationToken.None);
        HashSet<string> cordoned = [.. states.Where(state => state.Unschedulable).Select(state => state.Name)];
        foreach (LabNode node in lab.Nodes)
            Judge(node, faulty.Contains(node), cordoned.Contains(node.Hostname), report.GetValueOrDefault(node.Name));
        if (LowestMembers < 2)
            Wrong.Add($"etcd had {LowestMembers} members.");
        if (MostDown > 1)
            Wrong.Add($"{MostDown} control planes were down at once.");
        foreach (
            string pod in lab.Part<LabKubernetesPart>()!
                .Api.Pods.Where(pod => pod.StartsWith("kube-system/ts-", StringComparison.Ordinal))
        )
            Wrong.Add($"The pod '{pod}' is left.");
        foreach ((string what, bool allowed) in Touches.Again())
            (allowed ? Again : Wrong).Add(what);
    }

    private void Judge(LabNode node, bool faulty, bool cordoned, TsRolloutStep? last)
    {
        bool told = last?.Status == TsRolloutStatus.Done,
            failed = last?.Status == TsRolloutStatus.Failed;
        if (told)
            Done++;
        else if (failed)
            Failed++;
        else
            Left++;
        bool well = node.TailnetAddress is not null && node.Extensions.Any(e => e.Name == "tailscale") && !cordoned;
        if (told != well)
            Wrong.Add($"{node.Name} is {(well ? "well" : "not well")} and reported as {last}: {last?.Evidence}");
        if (cordoned && !failed)
            Wrong.Add($"{node.Name} is cordoned and reported as {last}.");

        // An API server that stays away at the exchange leaves it to a person to look what is there.
        bool cut = last is { Status: TsRolloutStatus.Failed, ErrorId: "SwapUnverified" } && ApiRestarts > 0;
        if (cut)
            Cut++;
        if (!faulty && !told && !cut)
            Wrong.Add($"{node.Name} has no fault and is reported as {last}: {last?.Evidence}");
    }
}
