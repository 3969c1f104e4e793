using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Pe;

/// <summary>
/// The headers of a PE32+ file ("PE Format", learn.microsoft.com/windows/win32/debug/pe-format), every offset checked
/// against the file. Stubs for arm64 have as few as 6 data directories and stubs for amd64 a section alignment of 0x200,
/// so neither 16 nor 4096 is assumed.
/// </summary>
internal sealed class PeImage
{
    public const ushort MachineAmd64 = 0x8664;
    public const ushort MachineArm64 = 0xAA64;

    private const int MaxSections = 96; // The PE loader's own limit.
    private const int MaxHeaderOffset = 64 * 1024;
    private const int DirectoryTable = 112;
    private const int CertificateDirectory = 4;

    private PeImage(long length, int peOffset, ReadOnlySpan<byte> coff, ReadOnlySpan<byte> optional)
    {
        Length = length;
        PeOffset = peOffset;
        Machine = BinaryPrimitives.ReadUInt16LittleEndian(coff[4..]);
        SymbolTableOffset = BinaryPrimitives.ReadUInt32LittleEndian(coff[12..]);
        OptionalHeaderSize = optional.Length;
        SectionAlignment = BinaryPrimitives.ReadUInt32LittleEndian(optional[32..]);
        FileAlignment = BinaryPrimitives.ReadUInt32LittleEndian(optional[36..]);
        SizeOfImage = BinaryPrimitives.ReadUInt32LittleEndian(optional[56..]);
        SizeOfHeaders = BinaryPrimitives.ReadUInt32LittleEndian(optional[60..]);
        CheckSum = BinaryPrimitives.ReadUInt32LittleEndian(optional[64..]);
        Subsystem = BinaryPrimitives.ReadUInt16LittleEndian(optional[68..]);
        DirectoryCount = BinaryPrimitives.ReadUInt32LittleEndian(optional[108..]);
    }

    public long Length { get; }

    public int PeOffset { get; }

    public ushort Machine { get; }

    public uint SymbolTableOffset { get; }

    public int OptionalHeaderSize { get; }

    public uint SectionAlignment { get; }

    public uint FileAlignment { get; }

    public uint SizeOfImage { get; }

    public uint SizeOfHeaders { get; }

    public uint CheckSum { get; }

    public ushort Subsystem { get; }

    public uint DirectoryCount { get; }

    public IReadOnlyList<PeSection> Sections { get; private init; } = [];

    /// <summary>Where the certificate table is in the file; length 0 when there is none.</summary>
    public Extent Certificates { get; private init; }

    public int OptionalHeaderOffset => PeOffset + 24;

    public int CheckSumOffset => OptionalHeaderOffset + 64;

    /// <summary>Where the directory entry of the certificate table is; null where the header is too short for it.</summary>
    public int? CertificateEntryOffset =>
        DirectoryCount > CertificateDirectory
            ? OptionalHeaderOffset + DirectoryTable + (CertificateDirectory * 8)
            : null;

    public int SectionTableOffset => OptionalHeaderOffset + OptionalHeaderSize;

    public TalosArchitecture Architecture =>
        Machine switch
        {
            MachineAmd64 => TalosArchitecture.Amd64,
            MachineArm64 => TalosArchitecture.Arm64,
            _ => TalosArchitecture.Unknown,
        };

    /// <summary>The machine in words ("PE Format", Machine Types).</summary>
    public string MachineName =>
        Machine switch
        {
            MachineAmd64 => "x86-64",
            MachineArm64 => "ARM64",
            0x14C => "32-bit x86 (0x14C)",
            0x1C0 or 0x1C2 or 0x1C4 => $"32-bit ARM (0x{Machine:X})",
            0x5032 => "RISC-V 32 (0x5032)",
            0x5064 => "RISC-V 64 (0x5064)",
            0x6264 => "LoongArch 64 (0x6264)",
            0xEBC => "EFI byte code (0xEBC)",
            _ => $"an unknown machine (0x{Machine:X})",
        };

    public static async Task<PeImage> ReadAsync(RandomReader file, CancellationToken cancellationToken)
    {
        var dos = await file.ReadAsync(0, 64, "the DOS header", cancellationToken).ConfigureAwait(false);
        if (dos[0] != 'M' || dos[1] != 'Z')
            throw Malformed(file, "does not start with 'MZ'");
        var at = BinaryPrimitives.ReadUInt32LittleEndian(dos.AsSpan(0x3C));
        if (at is < 4 or > MaxHeaderOffset)
            throw Malformed(file, $"has its PE header at offset {at}");

        var peOffset = (int)at;
        var coff = await file.ReadAsync(peOffset, 24, "the PE header", cancellationToken).ConfigureAwait(false);
        if (!coff.AsSpan(0, 4).SequenceEqual("PE\0\0"u8))
            throw Malformed(file, "has no PE signature");
        int sections = BinaryPrimitives.ReadUInt16LittleEndian(coff.AsSpan(6));
        int optionalSize = BinaryPrimitives.ReadUInt16LittleEndian(coff.AsSpan(20));
        if (sections is 0 or > MaxSections)
            throw Malformed(file, $"has {sections} sections, expected 1 to {MaxSections}");
        if (optionalSize is < DirectoryTable or > 1024)
            throw Malformed(file, $"has an optional header of {optionalSize} bytes");

        var rest = await file.ReadAsync(
                peOffset + 24,
                optionalSize + (sections * 40),
                "the section table",
                cancellationToken
            )
            .ConfigureAwait(false);
        var optional = rest.AsSpan(0, optionalSize);
        var magic = BinaryPrimitives.ReadUInt16LittleEndian(optional);
        if (magic != 0x20B)
            throw Malformed(file, $"has the magic 0x{magic:X} and not 0x20B (PE32+)");
        var image = new PeImage(file.Length, peOffset, coff, optional)
        {
            Certificates = ReadCertificateEntry(file, optional),
            Sections = ReadSections(rest.AsSpan(optionalSize)),
        };
        image.Check(file);
        return image;
    }

    public PeSection? Find(string name) =>
        Sections.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.Ordinal));

    public int IndexOf(PeSection section)
    {
        for (var i = 0; i < Sections.Count; i++)
            if (ReferenceEquals(Sections[i], section))
                return i;
        return -1;
    }

    private static Extent ReadCertificateEntry(RandomReader file, ReadOnlySpan<byte> optional)
    {
        var count = BinaryPrimitives.ReadUInt32LittleEndian(optional[108..]);
        if (count > 16 || DirectoryTable + (count * 8) > optional.Length)
            throw Malformed(
                file,
                $"says it has {count} data directories in an optional header of {optional.Length} bytes"
            );
        if (count <= CertificateDirectory)
            return default;
        var entry = optional[(DirectoryTable + (CertificateDirectory * 8))..];
        return new Extent(
            BinaryPrimitives.ReadUInt32LittleEndian(entry),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[4..])
        );
    }

    private static PeSection[] ReadSections(ReadOnlySpan<byte> table)
    {
        var sections = new PeSection[table.Length / 40];
        for (var i = 0; i < sections.Length; i++)
        {
            var row = table.Slice(i * 40, 40);
            var name = row[..8];
            var end = name.IndexOf((byte)0);
            sections[i] = new PeSection(
                PrintableText.Ascii(end < 0 ? name : name[..end]),
                BinaryPrimitives.ReadUInt32LittleEndian(row[12..]),
                BinaryPrimitives.ReadUInt32LittleEndian(row[8..]),
                BinaryPrimitives.ReadUInt32LittleEndian(row[20..]),
                BinaryPrimitives.ReadUInt32LittleEndian(row[16..]),
                BinaryPrimitives.ReadUInt32LittleEndian(row[36..])
            );
        }

        return sections;
    }

    private static TsException Malformed(RandomReader file, string what) =>
        ImageErrors.PeMalformed.New($"'{file.Name}' is not a well-formed PE32+ file: it {what}.", file.Name);

    private void Check(RandomReader file)
    {
        var end = SectionTableOffset + (Sections.Count * 40L);
        if (SizeOfHeaders < end || SizeOfHeaders > Length)
            throw Malformed(file, $"says its headers are {SizeOfHeaders} bytes, but the section table ends at {end}");

        PeSection? previous = null;
        foreach (var section in Sections.Where(s => s.RawSize > 0).OrderBy(s => s.RawOffset))
        {
            if (section.RawEnd > Length)
            {
                throw ImageErrors.ImageTruncated.New(
                    $"'{file.Name}' ends at byte {Length}, but its section '{section.Name}' ends at {section.RawEnd}.",
                    file.Name
                );
            }

            if (section.RawOffset < end)
                throw Malformed(file, $"has its section '{section.Name}' inside of its own headers");
            if (previous is not null && section.RawOffset < previous.RawEnd)
                throw Malformed(file, $"has overlapping sections '{previous.Name}' and '{section.Name}'");
            previous = section;
        }

        if (Certificates.Length == 0)
            return;
        if (!file.Holds(Certificates.Offset, Certificates.Length))
        {
            throw ImageErrors.ImageTruncated.New(
                $"'{file.Name}' ends at byte {Length}, but its certificate table ends at {Certificates.End}.",
                file.Name
            );
        }

        if (previous is not null && Certificates.Offset < previous.RawEnd)
            throw Malformed(file, $"has its certificate table inside of section '{previous.Name}'");
    }
}
