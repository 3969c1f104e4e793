using System.Globalization;

namespace TalosTailscale.Core.Boot;

/// <summary>From files of <c>\EFI\Linux</c> to menu entries (systemd, src/boot/boot.c, <c>boot_entry_add_type2</c>).</summary>
internal static class BootEntries
{
    private const string Suffix = ".efi";

    /// <summary>Why the file is passed over, judged by its name and kind alone; null when it is looked into.</summary>
    internal static BootHiddenReason? HiddenBy(BootFile file)
    {
        if (file.Name.StartsWith('.'))
            return BootHiddenReason.LeadingDot;
        if (file.IsDirectory)
            return BootHiddenReason.Directory;
        if (!file.Name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase))
            return BootHiddenReason.Suffix;
        if (file.Name.StartsWith("auto-", StringComparison.OrdinalIgnoreCase))
            return BootHiddenReason.AutoPrefix;
        return null;
    }

    /// <summary>The entries of one file: the main one and one for each further profile; empty without a usable os-release.</summary>
    internal static IReadOnlyList<BootEntry> Of(BootFile file)
    {
        Dictionary<string, string> os = Last(file.OsRelease);
        string? title = Pick(os, "PRETTY_NAME", "IMAGE_ID", "NAME", "ID");
        if (title is null)
            return [];

        (int? left, int? done) = Tries(file.Name);
        var main = new BootEntry
        {
            Id = LowerAscii(file.Name),
            FileName = file.Name,
            Title = title,
            Version = Pick(os, "IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID"),
            SortKey = Pick(os, "IMAGE_ID", "ID"),
            TriesLeft = left,
            TriesDone = done,
        };
        var entries = new List<BootEntry> { WithTitle(main, file.Profiles.Count > 0 ? file.Profiles[0] : null) };
        for (int i = 1; i < file.Profiles.Count; i++)
        {
            string name = Last(file.Profiles[i]).GetValueOrDefault("ID") ?? i.ToString(CultureInfo.InvariantCulture);
            entries.Add(WithTitle(main with { Id = LowerAscii($"{file.Name}@{name}"), Profile = i }, file.Profiles[i]));
        }

        return entries;
    }

    /// <summary>The order of the menu (<c>boot_entry_compare</c>).</summary>
    internal static int Compare(BootEntry a, BootEntry b)
    {
        int order = (a.TriesLeft == 0).CompareTo(b.TriesLeft == 0);
        if (order == 0)
            order = (a.SortKey is null).CompareTo(b.SortKey is null);
        if (order == 0 && a.SortKey is not null)
        {
            order = string.CompareOrdinal(a.SortKey, b.SortKey);
            if (order == 0)
                order = BootVersionComparer.Instance.Compare(b.Version, a.Version);
        }

        if (order == 0)
            order = BootVersionComparer.Instance.Compare(LowerAscii(b.FileName), LowerAscii(a.FileName));
        if (order == 0)
            order = a.Profile.CompareTo(b.Profile);
        if (order != 0 || a.TriesLeft is null || b.TriesLeft is null)
            return order;
        order = b.TriesLeft.Value.CompareTo(a.TriesLeft.Value);
        return order != 0 ? order : (a.TriesDone ?? 0).CompareTo(b.TriesDone ?? 0);
    }

    /// <summary>Lower case as firmware and systemd-boot have it: A to Z only.</summary>
    internal static string LowerAscii(string text) => string.Create(text.Length, text, static (span, s) =>
        {
            for (int i = 0; i < s.Length; i++)
                span[i] = s[i] is >= 'A' and <= 'Z' ? (char)(s[i] + 32) : s[i];
        });

    private static BootEntry WithTitle(BootEntry entry, string? profile)
    {
        Dictionary<string, string> fields = Last(profile);
        string? suffix = fields.GetValueOrDefault("TITLE");
        if (suffix is null && entry.Profile > 0)
            suffix = fields.GetValueOrDefault("ID")
                ?? string.Create(CultureInfo.InvariantCulture, $"Profile #{entry.Profile + 1}");
        return suffix is null ? entry : entry with { Title = $"{entry.Title} ({suffix})" };
    }

    private static (int? Left, int? Done) Tries(string name)
    {
        int plus = name.LastIndexOf('+');
        if (plus < 0)
            return (null, null);
        ReadOnlySpan<char> rest = name.AsSpan(plus + 1);
        if (!Number(ref rest, out int left))
            return (null, null);
        int done = 0;
        if (rest.StartsWith("-", StringComparison.Ordinal))
        {
            rest = rest[1..];
            if (!Number(ref rest, out done))
                return (null, null);
        }

        // A counter in the middle of the name is a name.
        return rest.Equals(Suffix, StringComparison.OrdinalIgnoreCase) ? (left, done) : (null, null);
    }

    private static bool Number(ref ReadOnlySpan<char> text, out int value)
    {
        int length = 0;
        while (length < text.Length && char.IsAsciiDigit(text[length]))
            length++;
        bool ok = int.TryParse(text[..length], NumberStyles.None, CultureInfo.InvariantCulture, out value);
        text = text[length..];
        return ok;
    }

    private static string? Pick(Dictionary<string, string> os, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (os.TryGetValue(key, out string? value))
                return value;
        }

        return null;
    }

    private static Dictionary<string, string> Last(string? text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in KeyValueLines.Parse(text, "="))
            fields[key] = value;
        return fields;
    }
}
