namespace TalosTailscale;

/// <summary>A node of the inventory: one folder under <c>devices/</c> with its <c>node.yaml</c> and manifests.</summary>
public sealed record TsNode
{
    /// <summary>The short name, which is the name of the folder (<c>ampone</c>).</summary>
    public required string Name { get; init; }

    /// <summary>The address by which the Talos API reaches the node: an IP address or host name, without a port.</summary>
    public required string Address { get; init; }

    /// <summary>Processor architecture.</summary>
    public TalosArchitecture Architecture { get; init; }

    /// <summary>The name of the Kubernetes node (<c>talos-192-168-1-203</c>); null when not recorded.</summary>
    public string? KubernetesName { get; init; }

    /// <summary>How the extension is activated on this node.</summary>
    public TsActivation Activation { get; init; }

    /// <summary>The machine's identity in the cluster, which a change of name or address does not touch; null when not recorded.</summary>
    public string? NodeId { get; init; }

    /// <summary>The node's folder, absolute; null for a node that is not from an inventory.</summary>
    public string? Path { get; init; }

    /// <summary>The runbook's manifests that are there, absolute paths, in the order in which they are applied.</summary>
    public IReadOnlyList<string> Manifests
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => Name;
}
