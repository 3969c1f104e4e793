namespace TalosTailscale;

/// <summary>The kinds of image that are taken from the Image Factory.</summary>
public enum TalosImageKind
{
    /// <summary>The unified kernel image for an installed system (<c>…-uki.efi</c>): what a swap takes.</summary>
    Uki,

    /// <summary>The installer ISO. Its UKI stops at boot on an installed system.</summary>
    Iso,

    /// <summary>The reference of the installer container image, for an upgrade. Nothing is downloaded.</summary>
    Installer,
}
