namespace TalosTailscale;

/// <summary>What holds a UKI.</summary>
public enum UkiContainer
{
    /// <summary>The file is the UKI.</summary>
    File,

    /// <summary>The file tree of an ISO 9660 image.</summary>
    Iso,

    /// <summary>The FAT boot image (El Torito or appended partition) of an ISO 9660 image.</summary>
    IsoBootImage,

    /// <summary>A partition of a disk image (GPT or MBR).</summary>
    Disk,

    /// <summary>A bare FAT file system, an image of an ESP.</summary>
    Esp,
}
