namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Everything that a gate may look at.</summary>
/// <param name="Facts">The node.</param>
/// <param name="Esp">Its EFI system partition.</param>
/// <param name="Uki">The new image.</param>
/// <param name="Current">The image that the booted entry holds now; null when it is not there or not readable.</param>
/// <param name="TargetName">The booted entry's file name; null when it is not on the partition.</param>
/// <param name="Needed">Bytes that the swap needs.</param>
/// <param name="Available">Bytes that are free or about to be freed.</param>
/// <param name="Reboot">Whether the node is rebooted right after.</param>
internal sealed record SwapGateInput(
    SwapNodeFacts Facts,
    EspInfo Esp,
    UkiInfo Uki,
    UkiInfo? Current,
    string? TargetName,
    long Needed,
    long Available,
    bool Reboot
)
{
    /// <summary>Slots that the names of the swap take in <c>EFI/Linux</c> when they do not find room in it; 0 when they do.</summary>
    internal int NamesWithoutRoom { get; init; }

    /// <summary>Free slots in <c>EFI/Linux</c>.</summary>
    internal int FreeSlots { get; init; } = int.MaxValue;
}
