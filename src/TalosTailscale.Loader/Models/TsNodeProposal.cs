namespace TalosTailscale;

/// <summary>An entry of <c>devices/</c> that a running node suggests: what was found, and the files that say it.</summary>
public sealed record TsNodeProposal
{
    /// <summary>The short name, which is that of the folder: the inventory's where the node is in it, else its name in the tailnet, else its host name.</summary>
    public required string Name { get; init; }

    /// <summary>The address at which the node answered.</summary>
    public required string Address { get; init; }

    /// <summary>Processor architecture.</summary>
    public TalosArchitecture Architecture { get; init; }

    /// <summary>The name of the Kubernetes node; null where it has none.</summary>
    public string? KubernetesName { get; init; }

    /// <summary>How the extension should be activated: by swap on arm64 nodes that boot a UKI, by upgrade elsewhere.</summary>
    public TsActivation Activation { get; init; }

    /// <summary>The machine's identity in the cluster; null where it tells none.</summary>
    public string? NodeId { get; init; }

    /// <summary><c>controlplane</c> or <c>worker</c>.</summary>
    public string MachineType { get; init; } = "";

    /// <summary>The Talos version as the node writes it (<c>v1.12.4</c>).</summary>
    public string TalosVersion { get; init; } = "";

    /// <summary>True if it was booted from a UKI; null where Talos does not tell.</summary>
    public bool? BootedWithUki { get; init; }

    /// <summary>The device of the EFI system partition (<c>/dev/nvme0n1p1</c>); null where there is none to be found.</summary>
    public string? EspDevice { get; init; }

    /// <summary>True if the inventory has this node already.</summary>
    public bool IsKnown { get; init; }

    /// <summary>The files, node.yaml first.</summary>
    public IReadOnlyList<TsNodeFile> Files
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A file of a proposed entry.</summary>
/// <param name="Path">Its path below the devices folder, with <c>/</c> (<c>ampone/node.yaml</c>).</param>
/// <param name="Text">Its content. No secret is in it.</param>
public sealed record TsNodeFile(string Path, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => Path;
}
