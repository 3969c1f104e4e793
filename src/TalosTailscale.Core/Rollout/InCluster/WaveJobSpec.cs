namespace TalosTailscale.Core.Rollout.InCluster;

/// <summary>With what a wave runs inside the cluster.</summary>
public sealed record WaveJobSpec
{
    /// <summary>The container image of this module (deploy/Dockerfile).</summary>
    public required string Image { get; init; }

    /// <summary>The namespace of Jobs, Secret and service account (deploy/rollout-rbac.yaml).</summary>
    public string Namespace { get; init; } = "kube-system";

    /// <summary>The service account; a Talos ServiceAccount of the same name gives access to the Talos API.</summary>
    public string ServiceAccount { get; init; } = "talos-tailscale-rollout";

    /// <summary>The inventory, by path below the devices folder; with the rendered service configs, so it goes into a Secret.</summary>
    public required IReadOnlyDictionary<string, byte[]> Inventory { get; init; }

    /// <summary>Further parameters of Install-TsNode, as names and values.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a wave may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(24);
}
