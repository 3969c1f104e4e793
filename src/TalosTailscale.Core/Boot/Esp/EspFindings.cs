using System.Globalization;
using TalosTailscale.Core.Boot.Swap;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>What the owner of an EFI system partition should know about it.</summary>
internal static class EspFindings
{
    /// <summary>The code of the finding that the booted entry holds another image than the one that runs.</summary>
    internal const string RestartNeededCode = "RestartNeeded";

    /// <summary>
    /// By the hashes of what the entry holds and of what it held when the node was started, which an exchange keeps.
    /// </summary>
    internal static EspFinding? RestartNeeded(EspState esp, SwapNodeFacts facts)
    {
        if (
            esp.Target is not { } target
            || SwapPlanner.RunningBackup(esp, facts, target.Name) is not { } running
            || esp.Listing.Find(running)?.Sha256 == target.Sha256
        )
            return null;
        return new EspFinding(
            RestartNeededCode,
            $"'{target.Name}' was exchanged since the boot: the image that runs is '{running}'.",
            $"A restart is enough: 'Restart-TalosNode {facts.Node} -Mode PowerCycle'. To keep what runs: 'Restore-Uki {facts.Node} -Backup {running}'."
        );
    }

    internal static IReadOnlyList<EspFinding> Of(
        EspInfo esp,
        IReadOnlyDictionary<string, string> guarded,
        FolderRoom room
    )
    {
        var findings = new List<EspFinding>();
        EspFile? booted = esp.Files.FirstOrDefault(f => f.IsBooted);
        EspFile[] entries = [.. esp.Files.Where(f => f.Role == EspFileRole.Entry)];
        if (booted is null && esp.BootedEntry is not null)
        {
            findings.Add(
                new(
                    "BootedEntryMissing",
                    $"'{esp.BootedEntry}' is booted, but is not in EFI/Linux.",
                    "Do not reboot before an image of that name is there again."
                )
            );
        }

        if (esp.NextBoot.Entry is null)
            findings.Add(
                new(
                    "NothingBoots",
                    "There is no boot entry.",
                    "Put a UKI into EFI/Linux before the node reboots: Restore-Uki."
                )
            );
        else if (booted is { BootsNext: false })
        {
            findings.Add(
                new(
                    "NextBootIsAnother",
                    $"'{booted.Name}' is booted, '{esp.NextBoot}' boots next ({esp.NextBoot.Reason}).",
                    "A ~N file of a failed upgrade can be taken with 'Invoke-UkiSwap -Promote'."
                )
            );
        }

        foreach (
            IGrouping<string, EspFile> same in entries
                .Where(e => e.Uki?.Version is not null)
                .GroupBy(e => e.Uki!.Version!)
        )
        {
            if (same.Count() > 1)
            {
                findings.Add(
                    new(
                        "DuplicateEntries",
                        $"{same.Key}: {string.Join(", ", same.Select(e => e.Name))}.",
                        "A swap takes duplicates out of the menu that nothing names."
                    )
                );
            }
        }

        foreach (EspFile installer in entries.Where(e => e.Uki is { HaltsIfInstalled: true }))
        {
            findings.Add(
                new(
                    "InstallerUki",
                    $"'{installer.Name}' has talos.halt_if_installed: the node stops when it boots from it.",
                    "Swap it for the factory's UKI, or go back with Restore-Uki, before the node reboots."
                )
            );
        }

        findings.AddRange(
            esp.NextBoot.StaleNames.Select(stale => new EspFinding(
                "StaleVariable",
                $"{stale} names no entry.",
                "The next upgrade of Talos may fail (siderolabs/talos#12300)."
            ))
        );
        findings.AddRange(
            entries
                .Where(e => e.Name.Contains('+', StringComparison.Ordinal))
                .Select(e => new EspFinding(
                    "CountedEntry",
                    $"'{e.Name}' counts its boots down, and Talos never confirms one.",
                    "Rename it without '+'."
                ))
        );
        findings.AddRange(
            esp.Files.Where(f => f.Role is EspFileRole.Staged or EspFileRole.Lock)
                .Select(f => new EspFinding(
                    "Leftover",
                    $"'{f.Name}' is of a swap that runs or did not end.",
                    "The next swap takes care of it."
                ))
        );
        findings.AddRange(
            esp.Files.Where(f => f.Role == EspFileRole.Backup && EspNames.IsStaged(f.Name))
                .Select(f => new EspFinding(
                    "UnfinishedSwap",
                    $"'{f.Name}' holds what '{booted?.Name}' held before a swap that broke off after the exchange.",
                    "It is kept as a backup until the next swap; Restore-Uki goes back to it."
                ))
        );
        findings.AddRange(
            guarded.Select(g => new EspFinding(
                "SharedClusters",
                $"'{g.Key}': {g.Value}.",
                "Do not delete it; repair the file system with fsck.vfat from other media."
            ))
        );
        if (booted is not null && esp.Free < booted.Size)
        {
            findings.Add(
                new(
                    "LowSpace",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{esp.Free} bytes are free; the booted image has {booted.Size}."
                    ),
                    "Remove old backups: 'Invoke-UkiSwap -Prune'."
                )
            );
        }

        findings.AddRange(
            esp.Files.Where(IsForeign)
                .Select(f => new EspFinding(
                    "ForeignFile",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"'{f.Path}' ({f.Size} bytes) is neither Talos's nor this module's."
                    ),
                    "Find out who put it there; it takes space from the next upgrade."
                ))
        );
        string name = booted?.Name ?? "Talos-v1.12.4.efi";
        if (
            !room.Fits([
                EspNames.LockName,
                EspNames.Staged(name, new string('0', 64)),
                EspNames.Backup(name, DateTimeOffset.UnixEpoch, new string('0', 8), ran: false),
            ])
        )
        {
            findings.Add(
                new(
                    "NoRoomForNames",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"EFI/Linux has {room.Free} free name slots and would have to grow for a swap."
                    ),
                    "A swap is refused: a power cut could break the folder off. Remove files that are not needed, or use Update-TalosNode."
                )
            );
        }

        return findings;
    }

    // Talos itself cleans up files of its own name only, and firmware files of single-board computers lie elsewhere.
    private static bool IsForeign(EspFile file) =>
        file.Role == EspFileRole.Other
        || (file.Role == EspFileRole.Entry && !file.Name.StartsWith("Talos-", StringComparison.OrdinalIgnoreCase));
}
