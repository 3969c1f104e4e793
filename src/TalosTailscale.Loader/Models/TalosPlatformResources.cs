namespace TalosTailscale;

/// <summary>A member of what Talos calls node addresses: one named view of the node's addresses.</summary>
/// <param name="Node">The node.</param>
/// <param name="Id">default, current, accumulative, routed, routed-no-k8s …</param>
/// <param name="Addresses">The addresses with their prefix lengths (<c>192.168.1.203/24</c>).</param>
public sealed record TalosNodeAddresses(string Node, string Id, IReadOnlyList<string> Addresses)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Id}: {string.Join(", ", Addresses)}";
}

/// <summary>The disk that Talos is installed on.</summary>
/// <param name="Node">The node.</param>
/// <param name="DiskId">The disk (<c>nvme0n1</c>).</param>
/// <param name="DevicePath">Its device (<c>/dev/nvme0n1</c>).</param>
public sealed record TalosSystemDisk(string Node, string DiskId, string DevicePath)
{
    /// <inheritdoc/>
    public override string ToString() => DevicePath;
}

/// <summary>The state of Kubernetes on a node, as the node sees it.</summary>
/// <param name="Node">The node.</param>
/// <param name="Name">The Kubernetes node's name.</param>
/// <param name="Ready">True if Kubernetes says Ready.</param>
/// <param name="Unschedulable">True if cordoned.</param>
public sealed record TalosKubernetesNodeStatus(string Node, string Name, bool Ready, bool Unschedulable)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
