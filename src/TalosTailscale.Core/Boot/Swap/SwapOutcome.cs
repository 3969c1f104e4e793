namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What the executor has done on the partition.</summary>
/// <param name="Backup">The file that holds the old image.</param>
/// <param name="Disabled">Duplicates taken out of the menu, by their names of before.</param>
/// <param name="Removed">Files that were removed.</param>
/// <param name="Checks">What was verified.</param>
internal sealed record SwapOutcome(
    string Backup,
    IReadOnlyList<string> Disabled,
    IReadOnlyList<string> Removed,
    IReadOnlyList<UkiSwapCheck> Checks
);
