using System.Globalization;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>The names that a swap gives to files, and how they are told apart from everybody else's.</summary>
internal static partial class EspNames
{
    internal const string LinuxFolder = "EFI/Linux/";
    internal const string LockName = ".talostailscale.lock";
    private const int StagedHashLength = 12;
    private const string StampFormat = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>The name under which an image is staged: the same for the same image, so that a broken transfer goes on.</summary>
    internal static string Staged(string target, string sha256) => $"{target}.new-{sha256[..StagedHashLength]}";

    /// <summary>
    /// The name of the old image. It ends with the boot in which it was made, and with a <c>u</c> where the image is not
    /// known to be the one that ran then: clocks of nodes and operators disagree, boots do not.
    /// </summary>
    /// <param name="target">The entry.</param>
    /// <param name="now">The time.</param>
    /// <param name="bootId">The id of the boot; null where it is not known.</param>
    /// <param name="ran">Whether the image is what runs in that boot.</param>
    internal static string Backup(string target, DateTimeOffset now, string? bootId = null, bool ran = false) =>
        $"{target}.bak.{Stamp(now)}{(bootId is null ? "" : $"-{BootMark(bootId)}{(ran ? "" : "u")}")}";

    /// <summary>Whether a backup of this module holds the image that ran in a boot.</summary>
    internal static bool RanIn(string backup, string bootId) =>
        backup.EndsWith("Z-" + BootMark(bootId), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a backup of this module was made in a boot, of an image that is not known to have run in it.</summary>
    internal static bool UnknownIn(string backup, string bootId) =>
        backup.EndsWith($"Z-{BootMark(bootId)}u", StringComparison.OrdinalIgnoreCase);

    /// <summary>The name of a duplicate that is taken out of the menu.</summary>
    internal static string Disabled(string name, DateTimeOffset now) => $"{name}.disabled.{Stamp(now)}";

    /// <summary>Whether a name is a backup that this module made of the target.</summary>
    internal static bool IsOwnBackup(string name, string target) =>
        name.StartsWith(target + ".bak.", StringComparison.OrdinalIgnoreCase) && OwnStamp().IsMatch(name);

    /// <summary>Whether a name is what a swap stages.</summary>
    internal static bool IsStaged(string name) => OwnStaged().IsMatch(name);

    /// <summary>
    /// Whether a name was made to stage what the entry holds by now. A file of that name with other content holds what the
    /// entry held before: the swap broke off between the exchange of the two names and the renaming of the old one.
    /// </summary>
    internal static bool IsStagedFor(string name, string entrySha256) =>
        IsStaged(name) && entrySha256.Contains(name[^StagedHashLength..], StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a name is a piece of a lock.</summary>
    internal static bool IsLock(string name) => name.StartsWith(LockName, StringComparison.OrdinalIgnoreCase);

    internal static EspFileRole RoleOf(string path, bool isEntry)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        if (path.StartsWith(LinuxFolder, StringComparison.OrdinalIgnoreCase))
        {
            if (isEntry)
                return EspFileRole.Entry;
            if (IsLock(name))
                return EspFileRole.Lock;
            if (IsStaged(name))
                return EspFileRole.Staged;
            if (name.Contains(".efi.bak", StringComparison.OrdinalIgnoreCase))
                return EspFileRole.Backup;
            return name.Contains(".efi.disabled", StringComparison.OrdinalIgnoreCase)
                ? EspFileRole.Disabled
                : EspFileRole.Other;
        }

        if (
            path.StartsWith("loader/", StringComparison.OrdinalIgnoreCase)
            || path.StartsWith("EFI/keys/", StringComparison.OrdinalIgnoreCase)
        )
            return EspFileRole.LoaderData;
        return
            name.EndsWith(".efi", StringComparison.OrdinalIgnoreCase)
            && (
                path.StartsWith("EFI/BOOT/", StringComparison.OrdinalIgnoreCase)
                || path.StartsWith("EFI/systemd/", StringComparison.OrdinalIgnoreCase)
            )
            ? EspFileRole.BootLoader
            : EspFileRole.Other;
    }

    private static string BootMark(string bootId) => bootId[..Math.Min(8, bootId.Length)].ToLowerInvariant();

    private static string Stamp(DateTimeOffset now) =>
        now.UtcDateTime.ToString(StampFormat, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\.bak\.\d{8}T\d{6}Z(-[0-9a-f]{8}u?)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OwnStamp();

    [GeneratedRegex(@"\.efi\.new-[0-9a-f]{12}$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OwnStaged();
}
