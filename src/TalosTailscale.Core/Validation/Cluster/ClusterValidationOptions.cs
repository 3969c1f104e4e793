using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>What a validation of the cluster looks at and what it expects.</summary>
public sealed record ClusterValidationOptions
{
    /// <summary>The nodes that there should be.</summary>
    public required IReadOnlyList<TsNode> Nodes { get; init; }

    /// <summary>Those of them that the checks of single nodes are made for; null for all.</summary>
    public IReadOnlyList<TsNode>? Selected { get; init; }

    /// <summary>The Talos client.</summary>
    public required TalosClient Talos { get; init; }

    /// <summary>The connection to Kubernetes, opened when the first check wants it.</summary>
    public required Func<CancellationToken, Task<KubernetesConnection>> Kubernetes { get; init; }

    /// <summary>The folder of the inventory, in which the load balancer's configuration is found; null without one.</summary>
    public string? Folder { get; init; }

    /// <summary>Names of the checks to make; empty for all.</summary>
    public IReadOnlyList<string> Checks { get; init; } = [];

    /// <summary>Names of checks to leave out.</summary>
    public IReadOnlyList<string> SkipChecks { get; init; } = [];

    /// <summary>The private image that a pod on each node is to pull; null to skip that.</summary>
    public string? RegistryImage { get; init; }

    /// <summary>The namespace of the registry's own pods.</summary>
    public string RegistryNamespace { get; init; } = "registry";

    /// <summary>The namespace of the pods that pull.</summary>
    public string PodNamespace { get; init; } = "default";

    /// <summary>How long a pull may take.</summary>
    public TimeSpan PullTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How many nodes pull at once.</summary>
    public int ThrottleLimit { get; init; } = 8;
}
