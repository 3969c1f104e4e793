namespace TalosTailscale;

/// <summary>What a node answers to the Version call.</summary>
public sealed record TalosVersion
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The Talos version as the node writes it (<c>v1.12.4</c>).</summary>
    public required string Tag { get; init; }

    /// <summary>The version as a number (<c>1.12.4</c>, a pre-release suffix left out); 0.0 when the tag is not a version.</summary>
    public required Version Version { get; init; }

    /// <summary>Processor architecture.</summary>
    public TalosArchitecture Architecture { get; init; }

    /// <summary>The platform (<c>metal</c>).</summary>
    public string? Platform { get; init; }

    /// <summary>Commit of the build.</summary>
    public string? Sha { get; init; }

    /// <summary>True if the node checks roles.</summary>
    public bool Rbac { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Node} {Tag}";
}
