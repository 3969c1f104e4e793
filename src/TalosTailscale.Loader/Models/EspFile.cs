namespace TalosTailscale;

/// <summary>A file on a node's EFI system partition.</summary>
public sealed record EspFile
{
    /// <summary>Path on the partition with forward slashes (<c>EFI/Linux/Talos-v1.12.4.efi</c>).</summary>
    public required string Path { get; init; }

    /// <summary>The last part of the path.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Time of the last change, in whole or even seconds as FAT keeps it.</summary>
    public DateTimeOffset Modified { get; init; }

    /// <summary>SHA-256 of the content, lower case; null for files outside <c>EFI/Linux</c>.</summary>
    public string? Sha256 { get; init; }

    /// <summary>What it is there for.</summary>
    public EspFileRole Role { get; init; }

    /// <summary>True when the running system was booted from it.</summary>
    public bool IsBooted { get; init; }

    /// <summary>True when it is what boots next.</summary>
    public bool BootsNext { get; init; }

    /// <summary>What the UKI says about itself, its initrd not looked into; null for everything else.</summary>
    public UkiInfo? Uki { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
