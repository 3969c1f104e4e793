namespace TalosTailscale;

/// <summary>Why systemd-boot passes over a file of <c>\EFI\Linux</c>.</summary>
public enum BootHiddenReason
{
    /// <summary>It is a folder.</summary>
    Directory,

    /// <summary>Its name does not end in <c>.efi</c>.</summary>
    Suffix,

    /// <summary>Its name begins with a dot.</summary>
    LeadingDot,

    /// <summary>Its name begins with <c>auto-</c>, which systemd-boot keeps for itself.</summary>
    AutoPrefix,

    /// <summary>It is not a PE file with an os-release section that gives a name.</summary>
    NoOsRelease,
}
