using TalosTailscale.Core.Boot.Esp;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Chooses a file that is on the partition already.</summary>
internal static class SwapSourcesOnEsp
{
    internal static (UkiSwapSource Source, EspFile File) Find(
        EspState esp,
        SwapNodeFacts facts,
        bool backup,
        string? name
    )
    {
        string target = esp.Target?.Name ?? "";
        EspFile? file = backup ? Backup(esp, target, name) : Entry(esp, facts, name);
        if (file is { Uki: { } uki })
            return (Source(file, uki), file);

        string there = string.Join(
            ", ",
            esp.Info.Files.Where(f => f.Path.StartsWith(EspNames.LinuxFolder, StringComparison.OrdinalIgnoreCase))
                .Select(f => f.Name)
        );
        TsError error = backup ? BootErrors.BackupNotFound : BootErrors.NothingToPromote;
        throw error.New(
            $"'{facts.Node}' has no {(backup ? "backup" : "other entry")} '{name ?? "of " + target}' that is a UKI; there are: {there}.",
            facts.Node
        );
    }

    /// <summary>The file that holds an image, of which only the hash is known; best the booted entry, then a backup.</summary>
    internal static UkiSwapSource? FindBy(EspState esp, string sha256) =>
        esp
            .Info.Files.Where(f => f is { Uki: not null, Sha256: { } hash } && hash == sha256)
            .OrderByDescending(f => f.IsBooted)
            .ThenByDescending(f => f.Role == EspFileRole.Backup)
            .ThenByDescending(f => f.Name, StringComparer.OrdinalIgnoreCase)
            .Select(f => Source(f, f.Uki!))
            .FirstOrDefault();

    private static UkiSwapSource Source(EspFile file, UkiInfo uki) =>
        new(uki, _ => throw new InvalidOperationException("The image is on the partition already."))
        {
            PromotedName = file.Name,
        };

    // Newest first by the time in the name, which does not depend on the clock that wrote the slot; what a broken-off swap
    // left under the staged name is newer than all of them.
    private static EspFile? Backup(EspState esp, string target, string? name) =>
        esp
            .Info.Files.Where(f =>
                f.Role == EspFileRole.Backup
                && f.Uki is not null
                && (name is null ? IsOf(target, f.Name) : Same(f.Name, name))
            )
            .OrderByDescending(f => EspNames.IsStaged(f.Name))
            .ThenByDescending(f => EspNames.IsOwnBackup(f.Name, target))
            .ThenByDescending(f => f.Name, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault();

    private static bool IsOf(string target, string name) =>
        name.StartsWith(target + ".bak", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith(target + ".new-", StringComparison.OrdinalIgnoreCase);

    // The order of the menu puts ~2 before ~1, and ~2 is what the last upgrade wrote.
    private static EspFile? Entry(EspState esp, SwapNodeFacts facts, string? name) =>
        esp
            .Info.NextBoot.Order.Where(e => e.Profile == 0)
            .Select(e => esp.Info.Files.FirstOrDefault(f => f.Role == EspFileRole.Entry && Same(f.Name, e.FileName)))
            .FirstOrDefault(f =>
                f is { IsBooted: false, Uki: not null }
                && (
                    name is null
                        ? facts.TalosVersion.TryGet(out string? version) && Same(f.Uki.Version, version)
                        : Same(f.Name, name)
                )
            );

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
