namespace TalosTailscale.Lab.Kubernetes;

/// <summary>The Kubernetes API of a lab cluster.</summary>
public sealed class LabKubernetesPart : ILabPart, ILabKubernetes
{
    private LabKubernetesApi? _api;

    /// <summary>The server.</summary>
    public LabKubernetesApi Api =>
        _api ?? throw new InvalidOperationException("The lab's Kubernetes has not been started.");

    /// <inheritdoc/>
    public string AdminKubeconfig => Api.AdminKubeconfig;

    /// <inheritdoc/>
    public async Task StartAsync(LabCluster cluster, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        _api = await LabKubernetesApi.StartAsync(
            cluster.Nodes.Select(n => new Machine(n)),
            Path.Combine(cluster.Folder, "pods"),
            cluster.Clock,
            cancellationToken
        );
        var names = new LabKubernetesFaultNames(_api);
        foreach (var node in cluster.Nodes)
        {
            node.Changed += (_, _) => _api.Refresh();
            node.Faults.Changed += (_, _) => names.Apply(cluster.Nodes);
        }

        names.Apply(cluster.Nodes);
    }

    /// <inheritdoc/>
    public void AddClientFiles(LabClientFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        files.AddFile("kubeconfig", AdminKubeconfig, "KUBECONFIG");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _api?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>What a kubelet, or a debug container, knows of its machine.</summary>
    internal static LabKubernetesNodeFacts FactsOf(LabNode node) =>
        new()
        {
            Name = node.Nodename,
            Ready = node.IsKubernetesReady,
            ControlPlane = node.IsControlPlane,
            Architecture = node.GoArchitecture,
            Addresses = node.KubernetesAddress,
            OsImage = $"Talos ({node.TalosVersion})",
            BootId = node.BootId.ToString(),
            MachineId = node.MachineId,
            SystemUuid = node.SystemUuid.ToString(),
            EspDevice =
                $"/dev/{node.Options.SystemDisk}{(char.IsAsciiDigit(node.Options.SystemDisk[^1]) ? "p1" : "1")}",
            EspDirectory = node.EspDirectory,
            EspCapacity = node.Options.EspSize,
            EspFree = node.Faults.Has(LabFault.FullEsp) ? 0 : null,
        };

    private sealed class Machine : ILabKubernetesNode
    {
        private readonly LabNode _node;
        private Tuple<int, LabKubernetesNodeFacts>? _known;
        private int _changes;

        internal Machine(LabNode node)
        {
            _node = node;
            node.Changed += (_, _) => Interlocked.Increment(ref _changes);
        }

        public Task<bool> SaveInstallerUkiAsync(string image, string path, CancellationToken cancellationToken) =>
            _node.Cluster.Part<ILabImageRegistry>() is { } registry && registry.HasHost(image.Split('/')[0])
                ? registry.SaveInstallerUkiAsync(image, _node.Architecture, path, cancellationToken)
                : Task.FromResult(false);

        // Only of the registry in the tailnet: where other images come from is for LabPodImages to say.
        public string? PullProblem(string image) =>
            image.Split('/')[0].EndsWith(".ts.net", StringComparison.OrdinalIgnoreCase)
                ? _node.Images.NameProblem(image)
                : null;

        // sh -c START esp LENGTH COMMAND …: the module's program on the EFI system partition.
        public void CommandEnded(IReadOnlyList<string> command, int exitCode)
        {
            if (exitCode == 0 && command.Count > 5 && command[3] == "esp" && command[5] == "exchange")
                _node.Touch(LabTouch.Image);
        }

        public LabKubernetesNodeFacts Facts
        {
            get
            {
                // Asked for every node whenever one changes: in a fleet that has to cost next to nothing.
                var changes = Volatile.Read(ref _changes);
                if (Volatile.Read(ref _known) is { } known && known.Item1 == changes)
                    return known.Item2;
                var facts = FactsOf(_node);
                Volatile.Write(ref _known, Tuple.Create(changes, facts));
                return facts;
            }
        }
    }
}
