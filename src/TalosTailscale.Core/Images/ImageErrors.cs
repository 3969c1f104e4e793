namespace TalosTailscale.Core.Images;

/// <summary>What can be wrong with an image, or with what was asked of it.</summary>
public static class ImageErrors
{
    /// <summary>A version that is none.</summary>
    public static readonly TsError VersionTagInvalid = new(
        "VersionTagInvalid",
        TsErrorCategory.InvalidArgument,
        "A text that should be a Talos version is none.",
        "Give a version as Talos's releases are tagged, such as v1.12.4."
    );

    /// <summary>The data ends before its own tables say so.</summary>
    public static readonly TsError ImageTruncated = new(
        "ImageTruncated",
        TsErrorCategory.InvalidData,
        "An image or a UKI ends before its own tables say that it does.",
        "Download or copy the file again and compare its size and hash with the source."
    );

    /// <summary>Not PE32+, or tables that contradict each other.</summary>
    public static readonly TsError PeMalformed = new(
        "PeMalformed",
        TsErrorCategory.InvalidData,
        "A file that should be a UEFI program is not a well-formed PE32+ file.",
        "Check that the file is a UKI (.efi) and download or copy it again."
    );

    /// <summary>A PE file, but not a unified kernel image.</summary>
    public static readonly TsError NotAUki = new(
        "NotAUki",
        TsErrorCategory.InvalidData,
        "A UEFI program lacks the sections of a unified kernel image (.linux, .osrel).",
        "Give the Talos UKI (EFI/Linux/Talos-*.efi), not the boot manager or a shell."
    );

    /// <summary>A UKI for a machine that Talos is not made for.</summary>
    public static readonly TsError UkiMachineUnknown = new(
        "UkiMachineUnknown",
        TsErrorCategory.InvalidData,
        "A UKI is made for a machine that Talos does not run on.",
        "Take the UKI for amd64 or arm64, the architecture of the node."
    );

    /// <summary>A text section is larger than any real one.</summary>
    public static readonly TsError UkiSectionTooLarge = new(
        "UkiSectionTooLarge",
        TsErrorCategory.InvalidData,
        "A section that holds a short text is larger than any real one.",
        "Check where the file comes from; it was not made by the Talos imager."
    );

    /// <summary>The initrd is not what the kernel would accept.</summary>
    public static readonly TsError InitrdMalformed = new(
        "InitrdMalformed",
        TsErrorCategory.InvalidData,
        "The initrd of a UKI is not a sequence of well-formed cpio archives.",
        "Download or copy the UKI again and compare its hash with the source."
    );

    /// <summary>Compressed data that expands to, or needs a window of, more than any real image does.</summary>
    public static readonly TsError DecompressionLimitExceeded = new(
        "DecompressionLimitExceeded",
        TsErrorCategory.InvalidData,
        "Compressed data expands to more bytes, or needs more memory for it, than any real image does.",
        "Check where the file comes from; if you trust it, decompress it with xz or zstd first."
    );

    /// <summary>Compressed data that is damaged.</summary>
    public static readonly TsError CompressedDataMalformed = new(
        "CompressedDataMalformed",
        TsErrorCategory.InvalidData,
        "Compressed data is damaged or cut off.",
        "Download or copy the file again and compare its size and hash with the source."
    );

    /// <summary>A compression without a managed decoder here.</summary>
    public static readonly TsError CompressionUnsupported = new(
        "CompressionUnsupported",
        TsErrorCategory.NotImplemented,
        "Data is compressed in a way that this module does not read.",
        "Decompress the file first, or use the UKI or ISO instead of the compressed image."
    );

    /// <summary>The PCR signing key of a UKI cannot be read.</summary>
    public static readonly TsError PcrKeyMalformed = new(
        "PcrKeyMalformed",
        TsErrorCategory.InvalidData,
        "The PCR signing key in a UKI is not an RSA or EC public key.",
        "Download or copy the UKI again and compare its hash with the source."
    );

    /// <summary>The tables of an ISO 9660 image contradict each other.</summary>
    public static readonly TsError IsoMalformed = new(
        "IsoMalformed",
        TsErrorCategory.InvalidData,
        "An ISO image is not well formed.",
        "Download the ISO again and compare its size with the source."
    );

    /// <summary>The tables of a FAT file system contradict each other.</summary>
    public static readonly TsError FatMalformed = new(
        "FatMalformed",
        TsErrorCategory.InvalidData,
        "A FAT file system is not well formed.",
        "Run fsck.fat -n on the image; where it is a copy of an ESP, copy it again while nothing writes to it."
    );

    /// <summary>Folders inside of themselves, or more files than an image can have.</summary>
    public static readonly TsError FileSystemMalformed = new(
        "FileSystemMalformed",
        TsErrorCategory.InvalidData,
        "The folders of an image lead into each other or hold more files than an image can have.",
        "Download or copy the image again and compare its size with the source."
    );

    /// <summary>The partition table is damaged.</summary>
    public static readonly TsError PartitionTableMalformed = new(
        "PartitionTableMalformed",
        TsErrorCategory.InvalidData,
        "The partition table of a disk image is damaged.",
        "Copy the image again; sgdisk --verify says more about the table."
    );

    /// <summary>Not a format that can hold a UKI.</summary>
    public static readonly TsError ImageFormatUnknown = new(
        "ImageFormatUnknown",
        TsErrorCategory.InvalidData,
        "A file is neither a UKI nor an ISO, a raw disk or an ESP image.",
        "Give a .efi, .iso, .raw (also .zst, .xz, .gz) or ESP image; convert qcow2 and vhd with qemu-img convert -O raw."
    );

    /// <summary>No UKI in the image.</summary>
    public static readonly TsError UkiNotFound = new(
        "UkiNotFound",
        TsErrorCategory.ObjectNotFound,
        "An image holds no unified kernel image under EFI/Linux.",
        "Use an image of Talos 1.10 or later, or a secureboot image; older ones and GRUB installs carry no UKI."
    );

    /// <summary>The file is not there.</summary>
    public static readonly TsError ImageNotFound = new(
        "ImageNotFound",
        TsErrorCategory.ObjectNotFound,
        "An image file does not exist.",
        "Check the path; -Path takes wildcards, -LiteralPath does not."
    );

    /// <summary>The file is there and cannot be read.</summary>
    public static readonly TsError ImageUnreadable = new(
        "ImageUnreadable",
        TsErrorCategory.ReadError,
        "An image file cannot be opened or read.",
        "Check the permissions of the file and the health of the disk."
    );

    /// <summary>Several UKIs where one was meant.</summary>
    public static readonly TsError UkiAmbiguous = new(
        "UkiAmbiguous",
        TsErrorCategory.InvalidArgument,
        "An image holds several UKIs and none was chosen.",
        "Choose one with -Location, or pipe one of the objects of Get-Uki."
    );

    /// <summary>A UKI that already fits an installed system.</summary>
    public static readonly TsError UkiNothingToChange = new(
        "UkiNothingToChange",
        TsErrorCategory.InvalidOperation,
        "A UKI was to be rebuilt for an installed system and is made for one already.",
        "Leave out -ForInstalledSystem: the UKI can be used as it is, with its signature."
    );

    /// <summary>The file to write is there.</summary>
    public static readonly TsError ExportTargetExists = new(
        "ExportTargetExists",
        TsErrorCategory.ResourceExists,
        "The file that a UKI should be written to exists.",
        "Give another -Destination, or -Force to replace the file."
    );

    /// <summary>The file cannot be written.</summary>
    public static readonly TsError ExportFailed = new(
        "ExportFailed",
        TsErrorCategory.WriteError,
        "A UKI could not be written to its destination.",
        "Check that the folder exists, that you may write to it and that it has space."
    );

    /// <summary>A file that should hold a certificate does not.</summary>
    public static readonly TsError CertificateMalformed = new(
        "CertificateMalformed",
        TsErrorCategory.InvalidData,
        "A file that should hold a certificate does not.",
        "Give the signing certificate in DER or PEM form, as the Image Factory serves it at /secureboot/signing-cert.pem."
    );
}
