using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>Puts a unified kernel image together in Talos's order of sections (<c>internal/pkg/uki</c>).</summary>
internal static class UkiWriter
{
    /// <summary>What an image has without any filling.</summary>
    private const int MinimalKernel = 64 * 1024;
    private const int MinimalRoot = 60_000;
    private const int Unfilled = 191_000;

    private static readonly byte[] s_codeAmd64 = [0x48, 0xB8, 3, 0, 0, 0, 0, 0, 0, 0x80, 0xC3];
    private static readonly byte[] s_codeArm64 = [0x60, 0, 0x80, 0xD2, 0, 0, 0xF0, 0xF2, 0xC0, 3, 0x5F, 0xD6];

    public static void Write(Stream output, LabUkiSpec spec)
    {
        var start = output.Position;
        var keys = spec.SecureBoot ? spec.Keys ?? LabSigningKeys.Factory : null;
        var measured = new Dictionary<string, byte[][]>();
        var sections = Sections(spec, keys, measured).ToList();
        var pe = new PeWriter(output, spec.Architecture, sections.Count);
        pe.Write(
            sections,
            (section, digests) => measured[section.Name] = digests,
            keys is null ? null : PcrSignature.Algorithms
        );
        if (keys is not null)
            AuthenticodeSigner.Sign(output, start, PeWriter.Directories, keys);
    }

    /// <summary>A boot manager: nothing but the mark by which tools know systemd-boot.</summary>
    public static void WriteBootManager(Stream output, TalosArchitecture architecture, LabSigningKeys? keys)
    {
        var start = output.Position;
        PeSection[] sections =
        [
            Code(architecture),
            Text(".sdmagic", "#### LoaderInfo: systemd-boot 258.3 ####\0"),
            Text(".rodata", "lab boot manager: returns to the firmware\0"),
        ];
        var pe = new PeWriter(output, architecture, sections.Length);
        pe.Write(sections);
        if (keys is not null)
            AuthenticodeSigner.Sign(output, start, PeWriter.Directories, keys);
    }

    private static IEnumerable<PeSection> Sections(
        LabUkiSpec spec,
        LabSigningKeys? keys,
        Dictionary<string, byte[][]> measured
    )
    {
        var filling = Math.Max(0, spec.Size - Unfilled);
        yield return Code(spec.Architecture);
        yield return Text(".sdmagic", "#### LoaderInfo: systemd-stub 258.3 ####\0");
        if (spec.Architecture == TalosArchitecture.Amd64)
            yield return Text(".sbat", "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n");
        yield return Text(".osrel", OsRelease(spec.Version));
        yield return Text(".cmdline", spec.CommandLine);
        yield return Text(".uname", spec.KernelRelease);
        yield return new(".splash", Splash);
        if (keys is not null)
            yield return Text(".pcrpkey", keys.PcrPublicKeyPem);
        yield return new(".linux", o => Kernel(o, spec, MinimalKernel + (filling / 5)));
        yield return new(".initrd", o => InitrdWriter.Write(o, spec, MinimalRoot + (filling - (filling / 5))));
        yield return Text(".profile", "ID=main");
        if (keys is not null)
            yield return new(".pcrsig", o => o.Write(PcrSignature.Make(keys.Pcr, measured)));
        if (ResetProfile(spec.Kind) is not (var profile, var argument))
            yield break;
        yield return Text(".profile", profile);
        yield return Text(".cmdline", $"{spec.CommandLine} {argument}");
        if (keys is not null)
            yield return new(".pcrsig", o => o.Write(PcrSignature.Make(keys.Pcr, measured)));
    }

    private static (string Profile, string Argument)? ResetProfile(LabUkiKind kind) =>
        kind switch
        {
            LabUkiKind.Iso => ("ID=reset\nTITLE=Reset system disk", "talos.experimental.wipe=system"),
            LabUkiKind.Installer => (
                "ID=reset-maintenance\nTITLE=Reset to maintenance mode",
                "talos.experimental.wipe=system:EPHEMERAL,STATE"
            ),
            _ => null,
        };

    private static string OsRelease(string version) =>
        $"""
            NAME="Talos"
            ID=talos
            VERSION_ID={version}
            PRETTY_NAME="Talos ({version})"
            HOME_URL="https://www.talos.dev/"
            BUG_REPORT_URL="https://github.com/siderolabs/talos/issues"
            VENDOR_NAME="Sidero Labs"
            VENDOR_URL="https://www.siderolabs.com/"

            """.ReplaceLineEndings("\n");

    // Enough of a header that readers take it for a kernel: bzImage with its version string, or an arm64 Image.
    private static void Kernel(Stream output, LabUkiSpec spec, long size)
    {
        var name = $"kernel/{spec.Architecture}/{spec.KernelRelease}";
        var head = LabBytes.Make(name + "/head", 4096);
        if (spec.Architecture == TalosArchitecture.Arm64)
        {
            "MZ\0\u0000"u8.CopyTo(head);
            "ARM\x64"u8.CopyTo(head.AsSpan(0x38));
        }
        else
        {
            "MZ\0\0"u8.CopyTo(head);
            head[0x1F1] = 4;
            BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(0x1FE), 0xAA55);
            "HdrS"u8.CopyTo(head.AsSpan(0x202));
            BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(0x206), 0x020F);
            BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(0x20E), 0x0300);
            Encoding.ASCII.GetBytes($"{spec.KernelRelease} (talos@build) #1 SMP PREEMPT_DYNAMIC\0").CopyTo(head, 0x500);
        }

        output.Write(head);
        LabBytes.Write(output, name, size - head.Length);
    }

    // A bitmap of 32 by 32 pixels, 24 bits each.
    private static void Splash(Stream output)
    {
        var bitmap = new byte[54 + 3072];
        "BM"u8.CopyTo(bitmap);
        BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(2), bitmap.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(10), 54);
        BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(18), 32);
        BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(22), 32);
        bitmap[26] = 1;
        bitmap[28] = 24;
        BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(34), 3072);
        LabBytes.Make("splash", 3072).CopyTo(bitmap, 54);
        output.Write(bitmap);
    }

    // A real EFI program: it returns EFI_UNSUPPORTED.
    private static PeSection Code(TalosArchitecture architecture) =>
        new(".text", o => o.Write(architecture == TalosArchitecture.Arm64 ? s_codeArm64 : s_codeAmd64), Code: true);

    private static PeSection Text(string name, string text) => new(name, o => o.Write(Encoding.UTF8.GetBytes(text)));
}
