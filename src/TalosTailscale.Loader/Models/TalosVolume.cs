namespace TalosTailscale;

/// <summary>A disk or partition that a node has discovered.</summary>
public sealed record TalosDiscoveredVolume
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The name of the device (<c>nvme0n1p1</c>).</summary>
    public required string Id { get; init; }

    /// <summary>The device (<c>/dev/nvme0n1p1</c>).</summary>
    public string DevicePath { get; init; } = "";

    /// <summary><c>disk</c> or <c>partition</c>.</summary>
    public string Type { get; init; } = "";

    /// <summary>The disk that a partition is on (<c>nvme0n1</c>); empty for a disk.</summary>
    public string Parent { get; init; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>What is on it: vfat, xfs, luks, gpt, talosmeta …; empty when not recognised.</summary>
    public string FileSystem { get; init; } = "";

    /// <summary>The file system's label.</summary>
    public string Label { get; init; } = "";

    /// <summary>The file system's UUID.</summary>
    public string Uuid { get; init; } = "";

    /// <summary>The partition's label (<c>EFI</c>, <c>META</c> …).</summary>
    public string PartitionLabel { get; init; } = "";

    /// <summary>The partition's type GUID, lower case.</summary>
    public string PartitionType { get; init; } = "";

    /// <summary>The partition's own GUID.</summary>
    public string PartitionUuid { get; init; } = "";

    /// <summary>The partition's number, from 1; 0 for a disk.</summary>
    public int PartitionIndex { get; init; }

    /// <inheritdoc/>
    public override string ToString() => DevicePath;
}

/// <summary>The state of a volume that Talos manages (META, STATE, EPHEMERAL …).</summary>
public sealed record TalosVolumeStatus
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The volume.</summary>
    public required string Id { get; init; }

    /// <summary>waiting, failed, missing, located, provisioned, prepared, ready or closed.</summary>
    public string Phase { get; init; } = "";

    /// <summary>The device.</summary>
    public string Location { get; init; } = "";

    /// <summary>How it is encrypted (<c>luks2</c>); empty when it is not.</summary>
    public string EncryptionProvider { get; init; } = "";

    /// <summary>The kinds of key that open it (<c>tpm</c>, <c>static</c> …).</summary>
    public IReadOnlyList<string> EncryptionKeys
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>What is wrong; empty for nothing.</summary>
    public string ErrorMessage { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Id;
}
