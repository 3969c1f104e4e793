namespace TalosTailscale.Core.Boot;

/// <summary>A file of <c>\EFI\Linux</c>, with what systemd-boot reads of it.</summary>
public sealed record BootFile
{
    /// <summary>The file's name, in its own case, without a path.</summary>
    public required string Name { get; init; }

    /// <summary>True for a folder.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>
    /// The text of the base profile's <c>.osrel</c> section; null when the file is not a PE or has none.
    /// </summary>
    public string? OsRelease { get; init; }

    /// <summary>
    /// The texts of the <c>.profile</c> sections in file order. The first belongs to the main entry; each further one
    /// is an entry of its own. Empty for an image without profiles.
    /// </summary>
    public IReadOnlyList<string> Profiles { get; init; } = [];
}
