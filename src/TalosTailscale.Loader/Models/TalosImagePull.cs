namespace TalosTailscale;

/// <summary>What pulling an image on a node came to.</summary>
public sealed record TalosImagePull
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The reference that was asked for.</summary>
    public required string Reference { get; init; }

    /// <summary>The image's digest, where the node tells.</summary>
    public string Digest { get; init; } = "";

    /// <summary>Size in bytes as the node lists it; 0 where it does not.</summary>
    public long Size { get; init; }

    /// <summary>
    /// True if the image was fetched from its registry. False if the node had it already: then nothing was asked of the
    /// registry and the success proves nothing about it.
    /// </summary>
    public required bool Pulled { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reference;
}
