namespace TalosTailscale;

/// <summary>A boot menu entry of a UKI: a <c>.profile</c> section and what belongs to it.</summary>
public sealed record UkiProfile
{
    /// <summary>The <c>ID=</c> of the profile: <c>main</c>, <c>reset</c>, <c>reset-maintenance</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The <c>TITLE=</c> shown in the menu; null where there is none.</summary>
    public string? Title { get; init; }

    /// <summary>The command line that the profile boots with: its own, else that of the base profile.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>True when the profile has a <c>.cmdline</c> of its own.</summary>
    public bool HasOwnCommandLine { get; init; }

    /// <summary>True when the profile has signed PCR policies of its own.</summary>
    public bool HasPcrSignature { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Id;
}
