namespace TalosTailscale;

/// <summary>What systemd-boot will start at the next boot from firmware, and why.</summary>
public sealed record BootPrediction
{
    /// <summary>The entry; null when there is none to boot.</summary>
    public BootEntry? Entry { get; init; }

    /// <summary>Why it is that one.</summary>
    public BootReason Reason { get; init; }

    /// <summary>All entries in the order of the menu.</summary>
    public IReadOnlyList<BootEntry> Order
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Names that a variable or <c>loader.conf</c> gives but no entry has (<c>LoaderEntryDefault=talos-v1.11.0.efi</c>).</summary>
    public IReadOnlyList<string> StaleNames
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Files of the folder that systemd-boot does not show, each with the reason.</summary>
    public IReadOnlyList<BootHiddenFile> Hidden
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => Entry?.Id ?? "(no entry)";
}
