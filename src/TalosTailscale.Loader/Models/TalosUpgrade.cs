namespace TalosTailscale;

/// <summary>An upgrade that was begun.</summary>
public sealed record TalosUpgrade
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The installer image.</summary>
    public required string Image { get; init; }

    /// <summary>The Talos version before.</summary>
    public required string PreviousVersion { get; init; }

    /// <summary>The Talos version now; null when not waited for.</summary>
    public string? Version { get; init; }

    /// <summary>The extensions now; null when not waited for.</summary>
    public IReadOnlyList<string>? Extensions
    {
        get;
        init => field = PlainList.Of(value);
    }

    /// <summary>How long it took once agreed to, the restart included when waited for.</summary>
    public TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Node} {PreviousVersion} → {Version ?? Image}";
}
