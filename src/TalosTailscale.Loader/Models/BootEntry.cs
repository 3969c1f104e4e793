namespace TalosTailscale;

/// <summary>One entry of systemd-boot's menu: a unified kernel image of <c>\EFI\Linux</c>, or one profile of it.</summary>
public sealed record BootEntry
{
    /// <summary>The entry's id: the file name in lower case, <c>@profile</c> appended for every profile but the first.</summary>
    public required string Id { get; init; }

    /// <summary>The file in <c>\EFI\Linux</c>, in its own case.</summary>
    public required string FileName { get; init; }

    /// <summary>The text in the menu, from the image's os-release; null when it has none.</summary>
    public string? Title { get; init; }

    /// <summary>The version that the menu is ordered by (<c>v1.12.4</c>); null when os-release has none.</summary>
    public string? Version { get; init; }

    /// <summary>What the menu is first ordered by (<c>talos</c>); null when os-release has no id.</summary>
    public string? SortKey { get; init; }

    /// <summary>Number of the profile; 0 is the main one, which is the only one booted without being asked for by name.</summary>
    public int Profile { get; init; }

    /// <summary>Boot counting: tries left by the <c>+LEFT-DONE</c> of the file name; null when it does not count.</summary>
    public int? TriesLeft { get; init; }

    /// <summary>Boot counting: tries made; null when the file name does not count.</summary>
    public int? TriesDone { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Id;
}
