namespace TalosTailscale;

/// <summary>What a UKI was made for, told by its command line and its profiles.</summary>
public enum UkiKind
{
    /// <summary>Not a UKI of Talos, or not enough in it to tell.</summary>
    Unknown,

    /// <summary>One entry, no halt flag: the Image Factory's <c>…-uki.efi</c>. The one to put on an installed disk.</summary>
    InstalledSystem,

    /// <summary>
    /// Out of an installer ISO: <c>talos.halt_if_installed</c> is set or there is a <c>reset</c> entry that wipes the
    /// system disk. On an installed disk the node stops at boot.
    /// </summary>
    InstallerIso,

    /// <summary>As the installer and disk images carry it: no halt flag, a <c>reset-maintenance</c> entry.</summary>
    DiskImage,
}
