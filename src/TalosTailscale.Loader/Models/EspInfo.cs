namespace TalosTailscale;

/// <summary>The EFI system partition of a node: what is on it, what boots now and what boots next.</summary>
public sealed record EspInfo
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The partition's device on the node (<c>/dev/nvme0n1p1</c>).</summary>
    public required string Device { get; init; }

    /// <summary>Size of the file system in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Free space in bytes.</summary>
    public long Free { get; init; }

    /// <summary>The id of the entry that the running system was booted from, lower case; null when Talos does not say.</summary>
    public string? BootedEntry { get; init; }

    /// <summary>What systemd-boot starts next, and why.</summary>
    public required BootPrediction NextBoot { get; init; }

    /// <summary>False when the loader variables could not be read, so that the prediction goes by the files alone.</summary>
    public bool VariablesRead { get; init; }

    /// <summary>Whether firmware enforces signatures; null when Talos does not say.</summary>
    public bool? SecureBoot { get; init; }

    /// <summary>All files.</summary>
    public IReadOnlyList<EspFile> Files
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>What should be looked at.</summary>
    public IReadOnlyList<EspFinding> Findings
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Node}:{Device}";
}
