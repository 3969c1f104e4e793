namespace TalosTailscale;

/// <summary>How a node restarts.</summary>
public enum TalosRebootMode
{
    /// <summary>As the node chooses: kexec where it can, which leaves the path from the firmware untested.</summary>
    Default,

    /// <summary>Through the firmware.</summary>
    PowerCycle,

    /// <summary>At once, without stopping services. Talos 1.12 and later.</summary>
    Force,
}
