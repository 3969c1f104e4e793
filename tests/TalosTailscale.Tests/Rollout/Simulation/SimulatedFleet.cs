using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout.Simulation;

/// <summary>
/// A fleet in memory behind the interface of the steps: machines that take their time, fail in their ways, and come back
/// by themselves also when nobody waits. It watches the rules at every change.
/// </summary>
internal sealed class SimulatedFleet : INodeSteps
{
    private static readonly TsError s_fault = new(
        "SimulatedFault",
        TsErrorCategory.InvalidOperation,
        "A fault of the simulation.",
        "None."
    );
    private readonly object _lock = new();
    private readonly Random _random;
    private readonly Dictionary<string, SimulatedNode> _byName;
    private readonly bool _instant;
    private DateTime _apiBack;

    public SimulatedFleet(IReadOnlyList<SimulatedNode> nodes, int seed, bool instant)
    {
        Nodes = nodes;
        _byName = nodes.ToDictionary(node => node.Name);
        _random = new Random(seed);
        _instant = instant;
    }

    public IReadOnlyList<SimulatedNode> Nodes { get; }

    /// <summary>The operator is dead: nothing of its has an effect any more.</summary>
    public bool Frozen { get; private set; }

    /// <summary>Rules that were broken.</summary>
    public List<string> Broken { get; } = [];

    public int LowestControlPlanes { get; private set; } = int.MaxValue;

    public int MostWorkersDown { get; private set; }

    public void Freeze()
    {
        lock (_lock)
            Frozen = true;
    }

    public void Thaw()
    {
        lock (_lock)
            Frozen = false;
    }

    /// <summary>The API server goes away for a moment.</summary>
    public void RestartApi(TimeSpan time)
    {
        lock (_lock)
            _apiBack = DateTime.UtcNow + time;
    }

    public IReadOnlyList<RolloutNodeFacts> Facts()
    {
        lock (_lock)
        {
            return
            [
                .. Nodes.Select(node => new RolloutNodeFacts
                {
                    Node = new TsNode
                    {
                        Name = node.Name,
                        Address = node.Name,
                        KubernetesName = node.Name,
                    },
                    NodeId = node.Name,
                    IsRunning = node.Up,
                    IsControlPlane = node.IsControlPlane,
                    BootId = node.Up ? $"{node.Boot}" : null,
                    Architecture =
                        node.Method == TsRolloutMethod.UkiSwap ? TalosArchitecture.Arm64 : TalosArchitecture.Amd64,
                    BootedWithUki = true,
                    TalosVersion = "v1.12.4",
                    SchematicId = node.RunsNew ? "new" : "old",
                    WantedSchematicId = "new",
                    RunsWanted = node.Up && node.RunsNew,
                    InKubernetes = true,
                    CordonedHere = node.Cordoned,
                }),
            ];
        }
    }

    public async Task<string?> BootIdAsync(RolloutWork work, CancellationToken cancellationToken)
    {
        SimulatedNode node = _byName[work.Node.Name];
        await PauseAsync(1, cancellationToken);
        return Do(() => node.Up ? $"{node.Boot}" : throw Fault($"'{node.Name}' does not answer."));
    }

    public async Task<string> RunAsync(
        RolloutWork work,
        TsRolloutAction action,
        Func<ImageExchange, Task> announce,
        CancellationToken cancellationToken
    )
    {
        SimulatedNode node = _byName[work.Node.Name];
        await PauseAsync(3, cancellationToken);
        if (action is TsRolloutAction.Cordon or TsRolloutAction.Drain or TsRolloutAction.Uncordon)
            await ApiAsync(cancellationToken);
        if (action == TsRolloutAction.Return)
            await ReturnAsync(node, cancellationToken);
        else
            Do(() => Step(node, work.Method, action));
        await PauseAsync(2, cancellationToken);
        return action == TsRolloutAction.Activate ? "image written" : "done";
    }

    private bool Step(SimulatedNode node, TsRolloutMethod method, TsRolloutAction action)
    {
        switch (action)
        {
            case TsRolloutAction.Check:
                if (!node.Up)
                    throw Fault($"'{node.Name}' does not answer.");
                if (node.IsControlPlane && !Nodes.All(other => !other.IsControlPlane || other.Up))
                    throw Fault("etcd is not whole.");
                break;
            case TsRolloutAction.Cordon:
                node.Cordoned = true;
                break;
            case TsRolloutAction.Uncordon:
                node.Cordoned = false;
                break;
            case TsRolloutAction.Activate:
                if (!node.Up)
                    throw Fault($"'{node.Name}' does not answer.");
                if (node.EspFull)
                    throw Fault($"The partition of '{node.Name}' has no room.");
                node.Staged = true;
                if (method == TsRolloutMethod.Upgrade)
                    GoDown(node);
                break;
            case TsRolloutAction.Restart:
                if (method == TsRolloutMethod.Upgrade)
                    break;
                if (!node.Up)
                    throw Fault($"'{node.Name}' does not answer.");
                GoDown(node);
                break;
            case TsRolloutAction.Verify:
                if (!node.Up || !node.RunsNew)
                    throw Fault($"'{node.Name}' does not run the image.");
                if (node.KeyExpired)
                    throw Fault($"'{node.Name}' cannot log in: its key has expired.");
                break;
        }

        return true;
    }

    private void GoDown(SimulatedNode node)
    {
        node.Up = false;
        node.RunsNew = false;
        node.Boot++;
        node.Restarts++;
        if (node.Restarts - node.RestartsBefore > 1)
            Broken.Add($"'{node.Name}' was restarted twice in one attempt.");
        int all = Nodes.Count(other => other.IsControlPlane),
            up = Nodes.Count(other => other.IsControlPlane && other.Up);
        LowestControlPlanes = Math.Min(LowestControlPlanes, up);
        MostWorkersDown = Math.Max(MostWorkersDown, Nodes.Count(other => !other.IsControlPlane && !other.Up));
        if (all - up > 1)
            Broken.Add($"{all - up} control planes are down.");
        if (up < (all / 2) + 1)
            Broken.Add($"etcd has {up} of {all} members.");
        if (!node.NeverReturns)
            _ = BootAsync(node);
    }

    private async Task BootAsync(SimulatedNode node)
    {
        await PauseAsync(node.SlowBoot ? 120 : 6, CancellationToken.None);
        lock (_lock)
            (node.Up, node.RunsNew) = (true, node.Staged);
    }

    private async Task ReturnAsync(SimulatedNode node, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Do(() => node.Up))
                return;
            if (node.NeverReturns)
            {
                await PauseAsync(30, cancellationToken);
                throw Fault($"'{node.Name}' was not running and ready in time.");
            }

            await Task.Delay(1, cancellationToken);
        }
    }

    private async Task ApiAsync(CancellationToken cancellationToken)
    {
        while (Do(() => DateTime.UtcNow < _apiBack))
            await Task.Delay(1, cancellationToken);
    }

    private Task PauseAsync(int most, CancellationToken cancellationToken)
    {
        if (_instant)
            return Task.CompletedTask;
        int time;
        lock (_lock)
            time = _random.Next(0, most + 1);
        return time == 0 ? Task.CompletedTask : Task.Delay(time, cancellationToken);
    }

    private T Do<T>(Func<T> effect)
    {
        lock (_lock)
            return Frozen ? throw new OperationCanceledException("The operator is dead.") : effect();
    }

    private static TsException Fault(string message) => s_fault.New(message);
}
