namespace TalosTailscale.Core.Images;

/// <summary>Which files under EFI/Linux are boot menu entries (systemd, src/boot/boot.c).</summary>
internal static class BootEntryName
{
    /// <summary>Names that end in <c>.efi</c> in any case, but neither hidden ones nor those of its own entries.</summary>
    public static bool IsListed(string fileName) =>
        fileName.EndsWith(".efi", StringComparison.OrdinalIgnoreCase)
        && !fileName.StartsWith('.')
        && !fileName.StartsWith("auto-", StringComparison.OrdinalIgnoreCase);
}
