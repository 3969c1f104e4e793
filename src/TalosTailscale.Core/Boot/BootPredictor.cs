namespace TalosTailscale.Core.Boot;

/// <summary>
/// Says which entry systemd-boot starts when nobody touches the menu: a pure function of the files in
/// <c>\EFI\Linux</c>, the loader variables and <c>loader.conf</c>.
/// </summary>
/// <remarks>
/// systemd, src/boot/boot.c: <c>config_load_type2_entries</c>, <c>boot_entry_compare</c> and
/// <c>config_select_default_entry</c>. Entries of type 1 (<c>\loader\entries</c>), which Talos does not write, and
/// the system-failure entry, which needs firmware that reports failed updates, are not looked at.
/// </remarks>
public static class BootPredictor
{
    /// <summary>Predicts the next boot.</summary>
    /// <param name="files">The files of <c>\EFI\Linux</c>, in any order.</param>
    /// <param name="state">Variables and configuration.</param>
    /// <returns>The entry, the reason, the whole order, what is named but not there, and what is hidden.</returns>
    public static BootPrediction Predict(IEnumerable<BootFile> files, LoaderState state)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(state);

        var entries = new List<BootEntry>();
        var hidden = new List<BootHiddenFile>();
        foreach (BootFile file in files)
        {
            BootHiddenReason? reason = BootEntries.HiddenBy(file);
            IReadOnlyList<BootEntry> found = reason is null ? BootEntries.Of(file) : [];
            if (found.Count == 0)
                hidden.Add(new BootHiddenFile(file.Name, reason ?? BootHiddenReason.NoOsRelease));
            entries.AddRange(found);
        }

        // Stable, as systemd-boot's insertion sort is; ids are unique on a case-insensitive file system anyway.
        BootEntry[] order = [.. entries.Order(Comparer<BootEntry>.Create(BootEntries.Compare))];
        (BootEntry? entry, BootReason why, List<string> stale) = Select(order, state);
        return new BootPrediction
        {
            Entry = entry,
            Reason = why,
            Order = order,
            StaleNames = stale,
            Hidden = hidden,
        };
    }

    private static (BootEntry? Entry, BootReason Reason, List<string> Stale) Select(
        BootEntry[] order,
        LoaderState state
    )
    {
        bool savedByVariable = IsSaved(state.Default);
        bool savedByFile = IsSaved(state.ConfiguredDefault);
        (string Source, string? Name, BootReason Reason)[] questions =
        [
            ("LoaderEntryOneShot", state.OneShot, BootReason.OneShotVariable),
            ("LoaderEntryPreferred", PreferredBy(state, state.Preferred), BootReason.PreferredVariable),
            ("loader.conf preferred", PreferredBy(state, state.ConfiguredPreferred), BootReason.LoaderConfPreferred),
            savedByVariable
                ? ("LoaderEntryLastBooted", state.LastBooted, BootReason.LastBooted)
                : ("LoaderEntryDefault", state.Default, BootReason.DefaultVariable),
            savedByFile
                ? ("LoaderEntryLastBooted", savedByVariable ? null : state.LastBooted, BootReason.LastBooted)
                : ("loader.conf default", state.ConfiguredDefault, BootReason.LoaderConf),
        ];

        BootEntry? chosen = null;
        BootReason why = BootReason.NoEntry;
        var stale = new List<string>();
        foreach ((string source, string? name, BootReason reason) in questions)
        {
            if (string.IsNullOrEmpty(name))
                continue;

            // Only the wanted name is case-folded here; what LoaderEntryLastBooted holds is an id and folded already.
            string pattern = reason == BootReason.LastBooted ? name : BootEntries.LowerAscii(name);
            bool passesBad = reason is BootReason.PreferredVariable or BootReason.LoaderConfPreferred;
            BootEntry? match = Array.Find(order, e =>
                BootGlob.IsMatch(pattern, e.Id) && !(passesBad && e.TriesLeft == 0)
            );
            if (match is null)
                stale.Add($"{source}={name}");
            else if (chosen is null)
                (chosen, why) = (match, reason);
        }

        if (chosen is null && order.Length > 0)
            (chosen, why) = (order[0], BootReason.FirstInOrder);
        return (chosen, why, stale);
    }

    private static string? PreferredBy(LoaderState state, string? name) =>
        !state.KnowsPreferred ? null
        : IsSaved(name) ? state.LastBooted
        : name;

    private static bool IsSaved(string? value) => LoaderState.Saved.Equals(value, StringComparison.OrdinalIgnoreCase);
}
