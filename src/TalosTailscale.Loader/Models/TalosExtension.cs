namespace TalosTailscale;

/// <summary>A system extension in the boot image that a node runs.</summary>
public sealed record TalosExtension
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The extension (<c>tailscale</c>); <c>schematic</c> stands for the Image Factory schematic of the image.</summary>
    public required string Name { get; init; }

    /// <summary>Its version; for <c>schematic</c> the schematic's id.</summary>
    public required string Version { get; init; }

    /// <summary>Who made it.</summary>
    public string Author { get; init; } = "";

    /// <summary>What it is.</summary>
    public string Description { get; init; } = "";

    /// <summary>The file in the boot image (<c>0.sqsh</c>).</summary>
    public string Image { get; init; } = "";

    /// <summary>The Talos versions that it says it fits (<c>&gt;= v1.0.0</c>).</summary>
    public string Compatibility { get; init; } = "";

    /// <summary>Further text; for <c>schematic</c> the schematic's YAML.</summary>
    public string ExtraInfo { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Version}";
}
