namespace TalosTailscale.Lab.Images;

/// <summary>For what a unified kernel image was built; decides its command line and its profiles.</summary>
public enum LabUkiKind
{
    /// <summary>The factory's <c>…-uki.efi</c>: profile <c>main</c> only.</summary>
    Installed,

    /// <summary>What the installer and disk images hold: <c>main</c> and <c>reset-maintenance</c>.</summary>
    Installer,

    /// <summary>What an installer ISO holds: <c>talos.halt_if_installed=1</c>, and the profile <c>reset</c>.</summary>
    Iso,
}
