namespace TalosTailscale;

/// <summary>A resource of a node's COSI state as it was at one moment.</summary>
public sealed record TalosResource
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The namespace (<c>runtime</c>).</summary>
    public required string Namespace { get; init; }

    /// <summary>The full type (<c>ExtensionStatuses.runtime.talos.dev</c>).</summary>
    public required string Type { get; init; }

    /// <summary>The id within the type.</summary>
    public required string Id { get; init; }

    /// <summary>Grows with every change; compare for equality only.</summary>
    public required string Version { get; init; }

    /// <summary><c>running</c> or <c>tearingDown</c>.</summary>
    public string Phase { get; init; } = "running";

    /// <summary>The controller that owns it; empty for none.</summary>
    public string Owner { get; init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset? Updated { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>The content as the YAML text that the node sent.</summary>
    public string SpecYaml { get; init; } = "";

    /// <summary>
    /// The content: maps as dictionaries, lists, texts, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/> or null.
    /// </summary>
    public object? Spec { get; init; }

    /// <summary>The content as protobuf; empty when the node sent none.</summary>
    public ReadOnlyMemory<byte> RawProtoSpec { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Type}/{Id}";
}
