namespace TalosTailscale;

/// <summary>What happened to a watched resource.</summary>
public enum TalosResourceChangeKind
{
    /// <summary>It is new, or was there when the watch began.</summary>
    Created,

    /// <summary>It was changed.</summary>
    Updated,

    /// <summary>It is gone.</summary>
    Destroyed,

    /// <summary>Everything that was there when the watch began has been told.</summary>
    Bootstrapped,
}

/// <summary>One event of a watch.</summary>
public sealed record TalosResourceChange
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>What happened.</summary>
    public required TalosResourceChangeKind Kind { get; init; }

    /// <summary>The id of the resource; null for <see cref="TalosResourceChangeKind.Bootstrapped"/>.</summary>
    public string? Id => Resource?.Id;

    /// <summary>The version of the resource; null for <see cref="TalosResourceChangeKind.Bootstrapped"/>.</summary>
    public string? Version => Resource?.Version;

    /// <summary>The resource after the change; null for <see cref="TalosResourceChangeKind.Bootstrapped"/>.</summary>
    public TalosResource? Resource { get; init; }

    /// <summary>The resource before an update, where the node tells.</summary>
    public TalosResource? Old { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Resource}";
}
