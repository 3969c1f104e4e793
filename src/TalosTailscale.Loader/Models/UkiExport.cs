namespace TalosTailscale;

/// <summary>A UKI that was taken out of an image, or rebuilt for an installed system.</summary>
public sealed record UkiExport
{
    /// <summary>The file name of the UKI.</summary>
    public required string Name { get; init; }

    /// <summary>The file that was written, absolute; null when it went to a stream.</summary>
    public string? Path { get; init; }

    /// <summary>The file it came from.</summary>
    public string? Source { get; init; }

    /// <summary>The path inside the image it came from; null where that file is the UKI.</summary>
    public string? SourceLocation { get; init; }

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>SHA-256 of what was written, taken while writing; 64 lower case digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>True when the UKI has a signature. A rebuilt one never has.</summary>
    public bool Signed { get; init; }

    /// <summary>True when it was rebuilt for an installed system and is not the bytes of the source.</summary>
    public bool Rebuilt { get; init; }

    /// <summary>What the rebuilding left out, one thing per line; empty for a plain copy.</summary>
    public IReadOnlyList<string> Removed
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => Path ?? Name;
}
