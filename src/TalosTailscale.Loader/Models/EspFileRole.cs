namespace TalosTailscale;

/// <summary>What a file on the EFI system partition is there for.</summary>
public enum EspFileRole
{
    /// <summary>Nothing that Talos or this module puts there.</summary>
    Other,

    /// <summary>The boot loader (<c>EFI/BOOT/BOOTX64.EFI</c>, <c>EFI/systemd/…</c>).</summary>
    BootLoader,

    /// <summary>Configuration, keys or seed below <c>loader/</c> or <c>EFI/keys/</c>.</summary>
    LoaderData,

    /// <summary>A boot entry: a unified kernel image that the menu shows.</summary>
    Entry,

    /// <summary>A UKI that a swap took out of the menu (<c>….efi.bak.…</c>).</summary>
    Backup,

    /// <summary>A duplicate entry that was taken out of the menu (<c>….efi.disabled.…</c>).</summary>
    Disabled,

    /// <summary>What a swap that did not end has staged (<c>….efi.new-…</c>).</summary>
    Staged,

    /// <summary>The lock of a swap.</summary>
    Lock,
}
