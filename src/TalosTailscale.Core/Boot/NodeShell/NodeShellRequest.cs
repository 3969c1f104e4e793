using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>What kind of shell is wanted on a node.</summary>
public sealed record NodeShellRequest
{
    /// <summary>By which way.</summary>
    public TalosNodeShellKind Via { get; init; }

    /// <summary>The name of the Kubernetes node.</summary>
    public required string KubernetesNode { get; init; }

    /// <summary>The image of the shell.</summary>
    public string Image { get; init; } = PodNodeShell.DefaultImage;

    /// <summary>The lease under which it is opened: shells of its earlier holders are ended. Null for none.</summary>
    public LeaseTenure? Tenure { get; init; }

    /// <summary>An image out of which one file is wanted in the shell's container; null for none. Only by a pod.</summary>
    public string? FromImage { get; init; }

    /// <summary>The file in <see cref="FromImage"/>.</summary>
    public string FromImageFile { get; init; } = "";
}
