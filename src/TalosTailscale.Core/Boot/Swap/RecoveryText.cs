namespace TalosTailscale.Core.Boot.Swap;

/// <summary>The steps at a node's console when it does not come back.</summary>
public static class RecoveryText
{
    /// <summary>UEFI shell and boot menu, with the names of this swap.</summary>
    /// <param name="entry">The file name of the boot entry.</param>
    /// <param name="backup">The file that holds the old image.</param>
    /// <returns>Sentences with the exact commands.</returns>
    public static string For(string entry, string backup) =>
        $"In the UEFI shell (FS0: is the EFI system partition; 'map' lists them): 'cp FS0:\\EFI\\Linux\\{backup} "
        + $"FS0:\\EFI\\Linux\\{Path.ChangeExtension(entry, null)}-old.efi', then 'FS0:\\EFI\\Linux\\{Path.ChangeExtension(entry, null)}-old.efi' boots the old image. "
        + $"For good: 'mv FS0:\\EFI\\Linux\\{entry} FS0:\\EFI\\Linux\\{entry}.bad' and 'mv FS0:\\EFI\\Linux\\{backup} FS0:\\EFI\\Linux\\{entry}'. "
        + "In the systemd-boot menu (hold space while it starts) any other Talos entry boots that version; "
        + "with Secure Boot off, 'e' edits the command line, where talos.halt_if_installed can be taken out.";
}
