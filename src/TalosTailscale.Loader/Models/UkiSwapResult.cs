namespace TalosTailscale;

/// <summary>What a swap, or a restore, has done.</summary>
public sealed record UkiSwapResult
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>False when the booted entry had the content already, so that nothing was written.</summary>
    public bool Changed { get; init; }

    /// <summary>The device of the EFI system partition on the node.</summary>
    public required string EspDevice { get; init; }

    /// <summary>The file name of the entry.</summary>
    public required string BootedEntry { get; init; }

    /// <summary>SHA-256 of what the entry held before.</summary>
    public required string OldSha256 { get; init; }

    /// <summary>SHA-256 of what it holds now, as read back from the disk.</summary>
    public required string NewSha256 { get; init; }

    /// <summary>The file that holds the old image; null when nothing was changed.</summary>
    public string? Backup { get; init; }

    /// <summary>Duplicate entries taken out of the menu, by their names of before.</summary>
    public IReadOnlyList<string> DisabledEntries
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Older backups and leftovers that were removed.</summary>
    public IReadOnlyList<string> Removed
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Gates that did not hold, or could not be judged, and were skipped.</summary>
    public IReadOnlyList<UkiSwapGateResult> SkippedGates
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>How long it took from the exchange on, with the wait for the node where one was asked for.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The node's boot id before; null when it could not be read.</summary>
    public string? BootIdBefore { get; init; }

    /// <summary>The node's boot id after the reboot; null without a reboot.</summary>
    public string? BootIdAfter { get; init; }

    /// <summary>What was verified.</summary>
    public IReadOnlyList<UkiSwapCheck> Checks
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>True when nothing that was verified failed.</summary>
    public bool Succeeded => Checks.All(c => c.Passed != false);

    /// <inheritdoc/>
    public override string ToString() => $"{Node}: {BootedEntry}";
}
