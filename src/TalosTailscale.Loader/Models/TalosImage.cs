namespace TalosTailscale;

/// <summary>An image of the Image Factory: a verified file, or the reference of an installer.</summary>
public sealed record TalosImage
{
    /// <summary>The file name, or the repository and tag of an installer.</summary>
    public required string Name { get; init; }

    /// <summary>The node for which it was chosen; null when it was chosen by parameters.</summary>
    public string? Node { get; init; }

    /// <summary>What it is.</summary>
    public TalosImageKind Kind { get; init; }

    /// <summary>The Talos version with its <c>v</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Processor architecture; an installer reference is for both.</summary>
    public TalosArchitecture Architecture { get; init; }

    /// <summary>With or without Secure Boot signatures.</summary>
    public UkiVariant Variant { get; init; }

    /// <summary>The id of the schematic.</summary>
    public required string SchematicId { get; init; }

    /// <summary>The extensions in it, as found in the image; for an installer as asked for.</summary>
    public IReadOnlyList<string> Extensions
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The file, absolute; null for an installer.</summary>
    public string? Path { get; init; }

    /// <summary>The reference of an installer (<c>factory.talos.dev/metal-installer/…:v1.12.4</c>); null for a file.</summary>
    public string? InstallerImage { get; init; }

    /// <summary>Where a file came from; null for an installer.</summary>
    public Uri? Uri { get; init; }

    /// <summary>Size of the file in bytes; 0 for an installer.</summary>
    public long Size { get; init; }

    /// <summary>SHA-256 of the file in lower case, as recorded beside it; null for an installer.</summary>
    public string? Sha256 { get; init; }

    /// <summary>True when the file was there already and its recorded hash agreed.</summary>
    public bool WasPresent { get; init; }

    /// <summary>What the UKI in the file says about itself; null for an installer.</summary>
    public UkiInfo? Uki { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path ?? InstallerImage ?? Name;
}
