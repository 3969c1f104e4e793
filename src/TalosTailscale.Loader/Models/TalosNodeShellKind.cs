namespace TalosTailscale;

/// <summary>How a command gets a root shell on a node.</summary>
public enum TalosNodeShellKind
{
    /// <summary>By a pod; by Talos itself where the cluster gives none and the node runs Talos 1.13 or later.</summary>
    Auto,

    /// <summary>By a privileged pod on the node.</summary>
    Kubernetes,

    /// <summary>By a container that Talos runs (DebugService, Talos 1.13 and later): works while Kubernetes is down.</summary>
    Talos,
}
