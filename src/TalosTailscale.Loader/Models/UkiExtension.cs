namespace TalosTailscale;

/// <summary>A layer of the initrd's <c>extensions.yaml</c>: one system extension.</summary>
public sealed record UkiExtension
{
    /// <summary>The name in the extension's metadata (<c>tailscale</c>).</summary>
    public required string Name { get; init; }

    /// <summary>The version in the extension's metadata; for <c>schematic</c> the schematic id.</summary>
    public string? Version { get; init; }

    /// <summary>Who made it.</summary>
    public string? Author { get; init; }

    /// <summary>What it is, in the words of its metadata.</summary>
    public string? Description { get; init; }

    /// <summary>The squashfs file in the initrd (<c>0.sqsh</c>); says nothing about what it is.</summary>
    public string? Image { get; init; }

    /// <summary>True for the pseudo extension by which the Image Factory records the schematic.</summary>
    public bool IsSchematic => string.Equals(Name, "schematic", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Version}";
}
