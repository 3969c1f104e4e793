using System.Collections.Concurrent;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;

namespace TalosTailscale.Benchmarks.Rollout;

/// <summary>
/// One seed on the lab, over the real APIs: a fleet with random faults and an operator that is stopped at random and
/// started again, until a run comes to its end.
/// </summary>
internal sealed class LabFleetRun(int seed, int workers)
{
    private readonly Random _random = new(seed);
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<Guid, bool>> _boots = new();
    private readonly object _lock = new();
    private LabNode[] _controlPlanes = [];

    public List<string> Wrong { get; } = [];

    public int Kills { get; private set; }

    public int ApiRestarts { get; private set; }

    public int LowestMembers { get; private set; } = int.MaxValue;

    /// <summary>Control planes that were down at once.</summary>
    public int MostDown { get; private set; }

    public int Done { get; private set; }

    public int Failed { get; private set; }

    public int Left { get; private set; }

    /// <summary>Swaps that an API restart left for a person to look at.</summary>
    public int Cut { get; private set; }

    /// <summary>Nodes that were restarted more than once, with a fault or without.</summary>
    public int Twice { get; private set; }

    public async Task PlayAsync()
    {
        var options = new LabOptions
        {
            Nodes = [.. LabNodeOptions.Many(3 + workers).Select((node, i) =>
                node with { Architecture = i % 8 == 5 ? TalosArchitecture.Arm64 : TalosArchitecture.Amd64 })],
            BootTime = TimeSpan.FromMilliseconds(100),
            SlowBootTime = TimeSpan.FromSeconds(2),
        };
        await using LabCluster lab = await LabCluster.StartAsync(options);
        LabNode[] faulty = Spoil(lab);
        Watch(lab);
        LabClientFiles files = lab.WriteClientFiles();
        using TalosClient talos = TalosClient.Connect(TalosConfigFile.Load(files.Environment["TALOSCONFIG"]).Context());
        using KubernetesConnection cluster = KubernetesConnection.Open(files.Environment["KUBECONFIG"]);
        var setup = new RolloutSetup
        {
            Talos = talos,
            Kubernetes = cluster,
            Factory = new Uri(files.Environment["TALOSTAILSCALE_FACTORY"]),
            Patches = (node, _) => Task.FromResult<IReadOnlyList<ConfigPatch>>([new ConfigPatch(Service(node.Name, options.AuthKey), "service"), new ConfigPatch(Dns, "dns")]),
            ConfigOptions = new MachineConfigOptions { BackupFolder = Path.Combine(files.Folder, "backups"), ServiceTimeout = TimeSpan.Zero },
            Validation = () => new NodeValidationOptions { SettleTime = TimeSpan.FromSeconds(5) },
            ReturnTimeout = TimeSpan.FromSeconds(20),
            StateFolder = Path.Combine(files.Folder, "state"),
        };
        TsNode[] nodes = [.. lab.Nodes.Select(node => new TsNode { Name = node.Name, Address = node.Address, KubernetesName = node.Hostname, Architecture = node.Architecture })];
        Dictionary<string, TsRolloutStep> report;
        int kills = _random.Next(0, 3);
        do report = [];
        while (!await RunAsync(lab, setup, nodes, Kills < kills, report));
        IReadOnlyList<KubernetesNodeState> states = await KubernetesNodes.ListAsync(cluster, CancellationToken.None);
        Judge(lab, faulty, report, states.Where(state => state.Unschedulable).Select(state => state.Name).ToHashSet());
    }

    private const string Dns = "machine:\n  network:\n    nameservers:\n      - 100.100.100.100\n      - 192.168.1.1\n";

    private static string Service(string node, string key) =>
        $"apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY={key}\n  - TS_HOSTNAME={node}\n  - TS_ACCEPT_DNS=false\n  - TS_AUTH_ONCE=true\n";

    private LabNode[] Spoil(LabCluster lab)
    {
        LabNode[] faulty = [.. _random.GetItems(lab.Nodes.Skip(3).ToArray(), 12).Distinct().Take(4)];
        LabFault[] faults = [LabFault.NeverBoots, LabFault.ExpiredKey, LabFault.ExpiredKey, LabFault.FullEsp];
        for (int i = 0; i < faulty.Length; i++) faulty[i].Faults.Set(faults[i]);
        foreach (LabNode node in lab.Nodes.Except(faulty).Where(_ => _random.Next(20) == 0)) node.Faults.Set(LabFault.SlowBoot);
        return faulty;
    }

    private void Watch(LabCluster lab)
    {
        _controlPlanes = [.. lab.Nodes.Where(node => node.IsControlPlane)];
        foreach (LabNode node in lab.Nodes)
        {
            ConcurrentDictionary<Guid, bool> boots = _boots[node.Name] = new();
            boots[node.BootId] = true;
            node.Changed += (_, _) =>
            {
                boots[node.BootId] = true;
                if (!node.IsControlPlane) return;
                int up = _controlPlanes.Count(other => other.Services["etcd"]?.State == "Running");
                int down = _controlPlanes.Count(other => !other.IsApiUp);
                lock (_lock) (LowestMembers, MostDown) = (Math.Min(LowestMembers, up), Math.Max(MostDown, down));
            };
        }
    }

    private async Task<bool> RunAsync(LabCluster lab, RolloutSetup setup, TsNode[] nodes, bool kill, Dictionary<string, TsRolloutStep> report)
    {
        using var stop = new CancellationTokenSource();
        // Another process each time: a session, a journal and a lease of its own.
        var session = new RolloutSession(setup with { Lease = new RolloutLeaseSpec() }, SilentReporter.Instance);
        RolloutPlan plan = await session.PlanAsync(nodes, new RolloutOptions { Width = RolloutWidth.Parse("10%"), MaxFailures = int.MaxValue }, CancellationToken.None);
        int dies = kill ? _random.Next(1, 8 * workers) : int.MaxValue, steps = 0;
        try
        {
            await foreach (RolloutStepEnd end in session.RunAsync(plan, stop.Token))
            {
                if (report.GetValueOrDefault(end.Step.Node)?.Status != TsRolloutStatus.Failed) report[end.Step.Node] = end.Step;
                if (_random.Next(400) == 0)
                {
                    ApiRestarts++;
                    await lab.Part<LabKubernetesPart>()!.Api.RestartAsync(TimeSpan.FromMilliseconds(100));
                }

                if (++steps >= dies) await stop.CancelAsync();
            }

            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Kills++;
            return false;
        }
    }

    private void Judge(LabCluster lab, LabNode[] faulty, Dictionary<string, TsRolloutStep> report, HashSet<string> cordoned)
    {
        foreach (LabNode node in lab.Nodes)
        {
            TsRolloutStep? last = report.GetValueOrDefault(node.Name);
            if (last?.Status == TsRolloutStatus.Done) Done++;
            else if (last?.Status == TsRolloutStatus.Failed) Failed++;
            else Left++;
            bool well = node.TailnetAddress is not null && node.Extensions.Any(e => e.Name == "tailscale") && !cordoned.Contains(node.Hostname);
            bool told = last?.Status == TsRolloutStatus.Done;
            int restarts = _boots[node.Name].Count - 1;
            if (restarts > 1)
            {
                Twice++;
                Console.Error.WriteLine($"seed {seed}: {node.Name} was restarted {restarts} times; faults {string.Join(", ", LabFault.All.Where(node.Faults.Has))}; runs {Kills + 1}, last {last}");
            }

            if (told != well) Wrong.Add($"{node.Name} is {(well ? "well" : "not well")} and reported as {last}: {last?.Evidence}");
            // An API server that stays away at the exchange leaves it to a person to look what is there.
            bool cut = last is { Status: TsRolloutStatus.Failed, ErrorId: "SwapUnverified" } && ApiRestarts > 0;
            if (cut) Cut++;
            if (!faulty.Contains(node) && !told && !cut) Wrong.Add($"{node.Name} has no fault and is reported as {last}: {last?.Evidence}");
            if (!faulty.Contains(node) && restarts > 1) Wrong.Add($"{node.Name} was restarted {restarts} times.");
        }
    }
}
