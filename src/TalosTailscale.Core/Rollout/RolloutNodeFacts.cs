namespace TalosTailscale.Core.Rollout;

/// <summary>What a node says of itself before a rollout, as far as the plan depends on it.</summary>
internal sealed record RolloutNodeFacts
{
    /// <summary>The node.</summary>
    public required TsNode Node { get; init; }

    /// <summary>Why it cannot be asked; null when it answers.</summary>
    public TsException? Silence { get; init; }

    /// <summary>Whether it answers, and neither boots nor shuts down.</summary>
    public bool IsRunning { get; init; }

    /// <summary>Whether it is a control plane; of a silent node, what the cluster or the journal says.</summary>
    public bool IsControlPlane { get; init; }

    /// <summary>Whether etcd has no other voting member, so that the node restarts only after a question.</summary>
    public bool IsOnlyEtcdVoter { get; init; }

    /// <summary>The machine's identity; null when not known.</summary>
    public string? NodeId { get; init; }

    /// <summary>The id of the boot that runs.</summary>
    public string? BootId { get; init; }

    /// <summary>Processor architecture.</summary>
    public TalosArchitecture Architecture { get; init; }

    /// <summary>The Talos version with its <c>v</c>.</summary>
    public string? TalosVersion { get; init; }

    /// <summary>Whether it was booted from a unified kernel image.</summary>
    public bool BootedWithUki { get; init; }

    /// <summary>Whether its image is for Secure Boot.</summary>
    public bool SecureBoot { get; init; }

    /// <summary>The schematic that it runs.</summary>
    public string? SchematicId { get; init; }

    /// <summary>The schematic that it is to run; null for whatever it ran before (when going back).</summary>
    public string? WantedSchematicId { get; init; }

    /// <summary>Whether the image that is wanted runs.</summary>
    public bool RunsWanted { get; init; }

    /// <summary>Whether it is a node of Kubernetes, to be cordoned and drained.</summary>
    public bool InKubernetes { get; init; }

    /// <summary>Whether a cordon of ours lies on it; null when Kubernetes could not be asked.</summary>
    public bool? CordonedHere { get; init; }
}
