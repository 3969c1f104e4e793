namespace TalosTailscale.Core.Talos;

/// <summary>How a node is upgraded.</summary>
public sealed record TalosUpgradeOptions
{
    /// <summary>True to install at the next restart, before anything else runs.</summary>
    public bool Stage { get; init; }

    /// <summary>True to skip the node's own checks of etcd.</summary>
    public bool Force { get; init; }

    /// <summary>True to restart through the firmware afterwards, so that its path to the new image is tried.</summary>
    public bool PowerCycle { get; init; } = true;
}
