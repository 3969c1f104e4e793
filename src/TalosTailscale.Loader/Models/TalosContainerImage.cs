namespace TalosTailscale;

/// <summary>Whose images: containerd keeps those of Talos and those of Kubernetes apart.</summary>
public enum TalosImageNamespace
{
    /// <summary>The images of Kubernetes' pods.</summary>
    Cri,

    /// <summary>Talos's own images: kubelet, etcd, installers.</summary>
    System,
}

/// <summary>A container image on a node.</summary>
public sealed record TalosContainerImage
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The reference.</summary>
    public required string Name { get; init; }

    /// <summary>Digest (<c>sha256:…</c>).</summary>
    public string Digest { get; init; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>When it came to the node.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
