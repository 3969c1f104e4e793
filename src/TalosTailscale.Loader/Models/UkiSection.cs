namespace TalosTailscale;

/// <summary>A PE section of a UKI.</summary>
public sealed record UkiSection
{
    /// <summary>The name, with the leading dot (<c>.linux</c>).</summary>
    public required string Name { get; init; }

    /// <summary>Content length in bytes: the virtual size, without the padding in the file.</summary>
    public long Size { get; init; }

    /// <summary>Where the content starts in the UKI, in bytes.</summary>
    public long Offset { get; init; }

    /// <summary>SHA-256 of the content, lower case; null unless asked for.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The UKI that it is a section of, as <see cref="UkiInfo.ToString"/> names it.</summary>
    public string? Uki { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
