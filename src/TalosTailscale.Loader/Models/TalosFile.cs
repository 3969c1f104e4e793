namespace TalosTailscale;

/// <summary>A file on a node.</summary>
public sealed record TalosFile
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>Full path.</summary>
    public required string Path { get; init; }

    /// <summary>Path below the folder that was listed.</summary>
    public string RelativePath { get; init; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>True for a folder.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>Where a symbolic link leads; empty for anything else.</summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>Permissions and type as Go's <c>fs.FileMode</c>.</summary>
    public uint Mode { get; init; }

    /// <summary>When it was last written.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
