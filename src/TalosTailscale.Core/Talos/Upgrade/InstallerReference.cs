namespace TalosTailscale.Core.Talos;

/// <summary>
/// An installer image. What extensions it brings is decided by the schematic in its name; the plain one of
/// <c>ghcr.io/siderolabs</c> brings none.
/// </summary>
/// <param name="Repository">Everything before the tag.</param>
/// <param name="Tag">The Talos version (<c>v1.12.4</c>); empty when pinned to a digest.</param>
/// <param name="SchematicId">64 hexadecimal digits; null where the image is not from an Image Factory.</param>
public sealed record InstallerReference(string Repository, string Tag, string? SchematicId)
{
    private const int SchematicLength = 64;

    /// <summary>True if the name says that it is for Secure Boot.</summary>
    public bool IsSecureBoot =>
        Repository.Contains("-secureboot/", StringComparison.Ordinal)
        || Repository.EndsWith("-secureboot", StringComparison.Ordinal);

    /// <summary>Reads a reference.</summary>
    /// <param name="image">The reference (<c>factory.talos.dev/metal-installer/4a0d…:v1.12.4</c>).</param>
    /// <returns>Its parts.</returns>
    public static InstallerReference Parse(string image)
    {
        ArgumentNullException.ThrowIfNull(image);
        string text = image.Trim();
        int digest = text.IndexOf('@');
        if (digest >= 0)
            text = text[..digest];
        int slash = text.LastIndexOf('/');
        int colon = text.LastIndexOf(':');
        string tag = colon > slash ? text[(colon + 1)..] : "";
        string repository = colon > slash ? text[..colon] : text;
        string last = repository[(repository.LastIndexOf('/') + 1)..];
        bool isSchematic = last.Length == SchematicLength && last.All(char.IsAsciiHexDigitLower);
        return new InstallerReference(repository, tag, isSchematic ? last : null);
    }

    /// <summary>The factory's installer for a schematic, as it is written in an upgrade.</summary>
    /// <param name="registry">The factory's registry (<c>factory.talos.dev</c>).</param>
    /// <param name="platform">The platform (<c>metal</c>).</param>
    /// <param name="secureBoot">True for the signed variant.</param>
    /// <param name="schematicId">The schematic.</param>
    /// <param name="tag">The Talos version.</param>
    /// <returns>The reference.</returns>
    public static string Factory(string registry, string platform, bool secureBoot, string schematicId, string tag) =>
        $"{registry}/{platform}-installer{(secureBoot ? "-secureboot" : "")}/{schematicId}:{tag}";

    /// <inheritdoc/>
    public override string ToString() => Tag.Length == 0 ? Repository : $"{Repository}:{Tag}";
}
