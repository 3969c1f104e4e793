using TalosTailscale.Core.Boot.Esp;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What Talos would boot after its own way back, with what the gates say of it.</summary>
/// <param name="Names">The entries of Talos beside the booted one.</param>
/// <param name="Uki">The image, where there is one such entry; with several nobody but Talos knows which it takes.</param>
/// <param name="Gates">The gates of a swap, as far as no image is written.</param>
internal sealed record RollbackTarget(IReadOnlyList<string> Names, UkiInfo? Uki, IReadOnlyList<UkiSwapGateResult> Gates)
{
    /// <summary>
    /// The entries that Talos chooses from: it takes one named Talos-*.efi that is not the current one (siderolabs/talos,
    /// bootloader/sdboot, revert).
    /// </summary>
    internal static IEnumerable<EspFile> OtherEntries(EspState esp) =>
        esp.Info.Files.Where(file =>
            file is { Role: EspFileRole.Entry, IsBooted: false }
            && file.Name.StartsWith("Talos-", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>The gates. Nothing is written, so that no room is needed.</summary>
    internal static IReadOnlyList<UkiSwapGateResult> Judge(
        EspState esp,
        SwapNodeFacts facts,
        UkiInfo uki,
        IReadOnlySet<UkiSwapGate> skip
    )
    {
        var input = new SwapGateInput(
            facts,
            esp.Info,
            uki,
            esp.Target?.Uki,
            esp.Target?.Name,
            Needed: 0,
            Available: 0,
            Reboot: true
        );
        return SwapGates.Evaluate(input, skip);
    }
}
