using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Core.Rollout;

/// <summary>With what a rollout works: connections, image, patches and times.</summary>
public sealed record RolloutSetup
{
    /// <summary>The Talos API.</summary>
    public required TalosClient Talos { get; init; }

    /// <summary>The Kubernetes API; null where there is none: then nothing is cordoned, drained or leased.</summary>
    public KubernetesConnection? Kubernetes { get; init; }

    /// <summary>The Image Factory; null for the usual one.</summary>
    public Uri? Factory { get; init; }

    /// <summary>The schematic for all nodes; null for each node's own with the tailscale extension added.</summary>
    public string? SchematicId { get; init; }

    /// <summary>The patches of a node's machine configuration.</summary>
    public required Func<TsNode, CancellationToken, Task<IReadOnlyList<ConfigPatch>>> Patches { get; init; }

    /// <summary>How machine configurations are changed.</summary>
    public MachineConfigOptions ConfigOptions { get; init; } = new();

    /// <summary>What is checked of a node at its end; made anew for each, since the tailnet's devices have changed by then.</summary>
    public Func<NodeValidationOptions> Validation { get; init; } = () => new NodeValidationOptions();

    /// <summary>Gates of a swap or an upgrade whose refusal is overridden; those that nothing skips refuse all the same.</summary>
    public IReadOnlySet<UkiSwapGate> SkipGates { get; init; } = new HashSet<UkiSwapGate>();

    /// <summary>The image of the shell on nodes.</summary>
    public string ShellImage { get; init; } = PodNodeShell.DefaultImage;

    /// <summary>How long disruption budgets and grace periods may hold up one node.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long one node may take to come back.</summary>
    public TimeSpan ReturnTimeout { get; init; } = new TalosWaitOptions().Timeout;

    /// <summary>How long etcd and Kubernetes may take to be whole again after a node is back.</summary>
    public TimeSpan SettleTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The folder of the journal; null for <see cref="RolloutSession.DefaultStateFolder"/>.</summary>
    public string? StateFolder { get; init; }

    /// <summary>The lease that keeps a second operator out.</summary>
    public RolloutLeaseSpec Lease { get; init; } = new();
}
