using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>
/// Builds boot images in the forms in which Talos's Image Factory and installer make them. Kernels and file systems in
/// them are noise, everything around is real: other tools read, list and verify them.
/// </summary>
public static class LabImages
{
    /// <summary>Writes a unified kernel image at the stream's position.</summary>
    /// <param name="spec">What it shall be.</param>
    /// <param name="output">Readable (for signing), writable, seekable; the image ends the stream.</param>
    public static void WriteUki(LabUkiSpec spec, Stream output)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(output);
        UkiWriter.Write(output, spec);
    }

    /// <summary>A small unified kernel image as an array.</summary>
    /// <param name="spec">What it shall be.</param>
    /// <returns>The bytes.</returns>
    public static byte[] Uki(LabUkiSpec spec)
    {
        using var stream = new MemoryStream();
        WriteUki(spec, stream);
        return stream.ToArray();
    }

    /// <summary>The boot manager as an array: <c>EFI/BOOT/BOOTAA64.EFI</c> or <c>BOOTX64.EFI</c>.</summary>
    /// <param name="architecture">Architecture.</param>
    /// <param name="keys">Who signs it; null leaves it unsigned.</param>
    /// <returns>The bytes.</returns>
    public static byte[] BootManager(TalosArchitecture architecture, LabSigningKeys? keys = null)
    {
        using var stream = new MemoryStream();
        UkiWriter.WriteBootManager(stream, architecture, keys);
        return stream.ToArray();
    }

    /// <summary>The name of the boot manager in <c>EFI/BOOT</c>.</summary>
    /// <param name="architecture">Architecture.</param>
    /// <returns>The name.</returns>
    public static string BootManagerName(TalosArchitecture architecture) =>
        architecture == TalosArchitecture.Arm64 ? "BOOTAA64.EFI" : "BOOTX64.EFI";

    /// <summary>Writes an installer ISO as Talos makes it (<c>pkg/imager/iso/uefi.go</c>).</summary>
    /// <param name="spec">The UKI in it; its kind is taken to be <see cref="LabUkiKind.Iso"/>.</param>
    /// <param name="output">Writable, seekable.</param>
    public static void WriteIso(LabUkiSpec spec, Stream output)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(output);
        spec = spec with { Kind = LabUkiKind.Iso };
        using Stream uki = spec.Size > 16 << 20 ? LabFile.Temporary() : new MemoryStream();
        WriteUki(spec, uki);
        IsoWriter.Write(output, Tree(spec, uki), $"Talos-{spec.Version}");
    }

    /// <summary>Writes a FAT file system with the files of an ESP.</summary>
    /// <param name="output">Writable, seekable.</param>
    /// <param name="files">Path with slashes to content.</param>
    /// <param name="size">Size of the file system in bytes; FAT32 from 33 MiB, else FAT16 (at least 3 MiB).</param>
    public static void WriteEsp(Stream output, IReadOnlyDictionary<string, byte[]> files, long size)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(files);
        FatWriter.Write(output, [.. files.Select(f => new LabFile(f.Key, f.Value))], size);
    }

    /// <summary>The files of an installed node's ESP without its UKIs.</summary>
    /// <param name="architecture">Architecture.</param>
    /// <param name="keys">Who signs the boot manager; null leaves it unsigned.</param>
    /// <returns>Path with slashes to content.</returns>
    public static IReadOnlyDictionary<string, byte[]> EspFiles(
        TalosArchitecture architecture,
        LabSigningKeys? keys = null
    ) =>
        new Dictionary<string, byte[]>
        {
            [$"EFI/BOOT/{BootManagerName(architecture)}"] = BootManager(architecture, keys),
            ["loader/loader.conf"] = Encoding.ASCII.GetBytes("# systemd-boot configuration\n\ntimeout 10\n"),
        };

    private static List<LabFile> Tree(LabUkiSpec spec, Stream uki)
    {
        var keys = spec.SecureBoot ? spec.Keys ?? LabSigningKeys.Factory : null;
        var files = new List<LabFile>
        {
            new($"EFI/BOOT/{BootManagerName(spec.Architecture)}", BootManager(spec.Architecture, keys)),
            new($"EFI/Linux/{spec.FileName}", uki),
            new(
                "loader/loader.conf",
                Encoding.ASCII.GetBytes("# systemd-boot configuration\n\ntimeout 10\n\nsecure-boot-enroll if-safe\n")
            ),
        };
        if (keys is not null)
        {
            files.Add(new("EFI/keys/uki-signing-cert.der", keys.Certificate.Export(X509ContentType.Cert)));
            files.AddRange(
                ((string[])["PK", "KEK", "db"]).Select(n => new LabFile(
                    $"loader/keys/auto/{n}.auth",
                    LabBytes.Make($"{keys.Name}/{n}.auth", 2100)
                ))
            );
        }

        return files;
    }
}
