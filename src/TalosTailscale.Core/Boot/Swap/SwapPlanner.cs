using TalosTailscale.Core.Boot.Esp;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>From what was read to what will be done: pure.</summary>
internal static class SwapPlanner
{
    // FAT rounds up to clusters and folders may grow by one.
    private const long Margin = 1024 * 1024;

    internal static UkiSwapPlan Plan(EspState esp, SwapNodeFacts facts, UkiSwapSource source, UkiSwapOptions options)
    {
        string target = esp.Target?.Name ?? (facts.BootedEntry.TryGet(out string? booted) ? booted : "(unknown)");
        string oldHash = esp.Target?.Sha256 ?? "";
        bool changes = !string.Equals(oldHash, source.Sha256, StringComparison.Ordinal);
        string staged = source.PromotedName ?? StagedName(esp, target, source.Sha256);
        string[] leftovers = [.. Leftovers(esp, staged)];
        long needed = changes ? Needed(esp, source, staged) : 0;
        long available = esp.Listing.Free + leftovers.Sum(name => esp.Listing.Find(name)?.Size ?? 0);
        string? running = RunningBackup(esp, facts, target);
        string? boot = facts.BootId.TryGet(out string? id) ? id : null;
        bool runs = EntryRuns(esp, facts, target);
        string backup = Free(esp, stamp => EspNames.Backup(target, stamp, boot, runs), options.Now);
        IReadOnlyDictionary<string, string> disabled =
            changes && !options.KeepDuplicates
                ? Duplicates(esp, source, options.Now)
                : new Dictionary<string, string>();
        if (running is not null && esp.Listing.Find(running)?.Sha256 == source.Sha256)
            running = null; // the entry's again
        string[] names = changes ? [.. NewNames(esp, source, staged), backup, .. disabled.Values] : [];
        var input = new SwapGateInput(
            facts,
            esp.Info,
            source.Uki,
            esp.Target?.Uki,
            esp.Target?.Name,
            needed,
            available,
            options.Reboot
        )
        {
            NamesWithoutRoom = esp.Room.Fits(names) ? 0 : FolderRoom.Needed(names),
            FreeSlots = esp.Room.Free,
        };
        return new UkiSwapPlan
        {
            Node = facts.Node,
            EspDevice = esp.Info.Device,
            BootedEntry = target,
            Changes = changes,
            NewUki = source.Uki,
            OldSha256 = oldHash,
            NewSha256 = source.Sha256,
            StagedName = staged,
            Backup = backup,
            DisabledEntries = disabled,
            Removed = changes
                ? [.. leftovers, .. Removable(esp, facts, target).Where(n => n != staged && n != running)]
                : [],
            Free = esp.Listing.Free,
            Needed = needed,
            NextBoot = esp.Info.NextBoot,
            Gates = SwapGates.Evaluate(input, options.Skip),
        };
    }

    // One after the other, as if none of them went again before the end.
    private static IEnumerable<string> NewNames(EspState esp, UkiSwapSource source, string staged)
    {
        yield return EspNames.LockName;
        if (source.PromotedName is null && esp.Listing.Find(staged) is null)
            yield return staged;
    }

    /// <summary>Backups that this module made of the entry, oldest first, as far as they may be deleted.</summary>
    internal static IEnumerable<string> OwnBackups(EspState esp, string target) =>
        esp
            .Listing.Files.Where(f => f.IsInLinux && EspNames.IsOwnBackup(f.Name, target) && esp.MayRemove(f.Name))
            .Select(f => f.Name)
            .Order(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The backup that holds the image which runs, where several swaps were made without a reboot between them: the one
    /// with the mark of this boot. Those made after it hold images that nobody has seen booting.
    /// </summary>
    internal static string? RunningBackup(EspState esp, SwapNodeFacts facts, string target) =>
        facts.BootId.TryGet(out string? boot)
            ? OwnBackups(esp, target).FirstOrDefault(name => EspNames.RanIn(name, boot))
            : null;

    // It does unless it was exchanged since the boot: by this module, which leaves its mark, or by somebody else.
    private static bool EntryRuns(EspState esp, SwapNodeFacts facts, string target) =>
        facts.BootId.TryGet(out string? boot)
        && !OwnBackups(esp, target).Any(name => EspNames.RanIn(name, boot) || EspNames.UnknownIn(name, boot))
        && facts.TalosVersion.TryGet(out string? version)
        && string.Equals(esp.Target?.Uki?.Version, version, StringComparison.OrdinalIgnoreCase);

    /// <summary>Own backups that nobody needs: all but the newest and that of the image which runs.</summary>
    internal static IEnumerable<string> OldBackups(EspState esp, SwapNodeFacts facts, string target)
    {
        string? running = RunningBackup(esp, facts, target);
        return Removable(esp, facts, target).SkipLast(1).Where(n => n != running);
    }

    // Where neither a backup nor the entry is known to hold the image that runs, any of them may: then all stay.
    private static IEnumerable<string> Removable(EspState esp, SwapNodeFacts facts, string target) =>
        RunningBackup(esp, facts, target) is not null || EntryRuns(esp, facts, target) ? OwnBackups(esp, target) : [];

    // What an earlier run staged of the same image is gone on with, unless its clusters are another file's too.
    private static string StagedName(EspState esp, string target, string sha256)
    {
        string name = EspNames.Staged(target, sha256);
        for (int i = 1; !esp.MayRemove(name) && i + 12 <= sha256.Length; i++)
            name = EspNames.Staged(target, sha256[i..]);
        return name;
    }

    /// <summary>What runs that did not end have staged, but for one name.</summary>
    internal static IEnumerable<string> Leftovers(EspState esp, string staged) =>
        esp
            .Info.Files.Where(f =>
                f.Role == EspFileRole.Staged
                && esp.MayRemove(f.Name)
                && !f.Name.Equals(staged, StringComparison.OrdinalIgnoreCase)
            )
            .Select(f => f.Name);

    private static long Needed(EspState esp, UkiSwapSource source, string staged)
    {
        long copy = esp.CanExchange ? 0 : esp.Target?.Size ?? 0;
        if (source.PromotedName is not null)
            return copy == 0 ? 0 : copy + Margin;
        long there = Math.Min(esp.Listing.Find(staged)?.Size ?? 0, source.Uki.Size);
        return source.Uki.Size - there + copy + Margin;
    }

    private static string Free(EspState esp, Func<DateTimeOffset, string> name, DateTimeOffset now)
    {
        string found = name(now);
        for (int i = 1; esp.Listing.Find(found) is not null; i++)
            found = name(now.AddSeconds(i));
        return found;
    }

    // Only entries of the same version that nobody names: not the running system, no variable, not loader.conf. Without
    // the variables nobody can say that, and the entry stays.
    private static Dictionary<string, string> Duplicates(EspState esp, UkiSwapSource source, DateTimeOffset now)
    {
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (!esp.Info.VariablesRead)
            return names;
        string?[] patterns =
        [
            esp.Loader.OneShot,
            esp.Loader.Default,
            esp.Loader.LastBooted,
            esp.Loader.ConfiguredDefault,
            esp.Loader.Preferred,
            esp.Loader.ConfiguredPreferred,
        ];
        foreach (EspFile file in esp.Info.Files)
        {
            if (file.Role != EspFileRole.Entry || file.IsBooted || file.BootsNext)
                continue;
            if (file.Uki?.Version is null || file.Uki.Version != source.Uki.Version)
                continue;
            if (file.Name.Equals(source.PromotedName, StringComparison.OrdinalIgnoreCase))
                continue;
            string id = BootEntries.LowerAscii(file.Name);
            if (patterns.Any(p => !string.IsNullOrEmpty(p) && BootGlob.IsMatch(BootEntries.LowerAscii(p), id)))
                continue;
            names[file.Name] = Free(esp, stamp => EspNames.Disabled(file.Name, stamp), now);
        }

        return names;
    }
}
