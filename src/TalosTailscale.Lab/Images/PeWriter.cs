using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>One section to be written.</summary>
/// <param name="Name">Up to eight characters.</param>
/// <param name="Write">Writes the content; its length is what it writes.</param>
/// <param name="Code">True for the machine code.</param>
internal sealed record PeSection(string Name, Action<Stream> Write, bool Code = false);

/// <summary>
/// Writes PE32+ EFI applications with the geometry of Talos's <c>internal/pkg/uki/internal/pe/native.go</c>: content
/// length in VirtualSize, raw size padded to the file alignment, the same section name as often as there are profiles.
/// </summary>
internal sealed class PeWriter(Stream output, TalosArchitecture architecture, int sectionCount)
{
    private const int FileAlignment = 0x200;
    private const int SectionAlignment = 0x1000;
    private const int PeOffset = 0x80;
    private readonly long _start = output.Position;
    private readonly List<byte[]> _headers = [];
    private uint _address;
    private uint _code;
    private uint _data;

    // As the stubs in Debian and Talos: the arm64 one stops after six directories.
    private int DirectoryCount => architecture == TalosArchitecture.Arm64 ? 6 : 16;

    private int OptionalSize => 112 + (8 * DirectoryCount);

    /// <summary>Offset of the data directories in the image.</summary>
    public const int Directories = PeOffset + 24 + 112;

    private int HeaderSize => Up(PeOffset + 24 + OptionalSize + (40 * sectionCount), FileAlignment);

    /// <summary>Writes the sections, then the headers in front of them.</summary>
    /// <param name="sections">The sections; as many as announced.</param>
    /// <param name="written">Called after each, with the hashes asked for.</param>
    /// <param name="hashes">With which algorithms to hash the contents.</param>
    public void Write(
        IEnumerable<PeSection> sections,
        Action<PeSection, byte[][]>? written = null,
        HashAlgorithmName[]? hashes = null
    )
    {
        output.Write(new byte[HeaderSize]);
        _address = (uint)Up(HeaderSize, SectionAlignment);
        foreach (var section in sections)
        {
            var digests = WriteSection(section, hashes ?? []);
            written?.Invoke(section, digests);
        }

        if (_headers.Count != sectionCount)
            throw new InvalidOperationException($"{_headers.Count} sections were written, {sectionCount} announced.");
        var end = output.Position;
        output.Position = _start;
        output.Write(Header());
        output.Position = end;
    }

    private byte[][] WriteSection(PeSection section, HashAlgorithmName[] hashes)
    {
        var begin = output.Position;
        var hashing = new HashingStream(output, hashes);
        section.Write(hashing);
        var length = checked((uint)(output.Position - begin));
        var raw = (uint)Up((int)length, FileAlignment);
        output.Write(new byte[raw - length]);

        var header = new byte[40];
        Encoding.ASCII.GetBytes(section.Name, header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), _address);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), raw);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(20), (uint)(begin - _start));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(36), section.Code ? 0x60000020u : 0x40000040u);
        _headers.Add(header);
        _address = (uint)Up((int)(_address + length), SectionAlignment);
        if (section.Code)
            _code += raw;
        else
            _data += raw;
        return hashing.Digests();
    }

    private byte[] Header()
    {
        var header = new byte[HeaderSize];
        var span = header.AsSpan();
        "MZ"u8.CopyTo(span);
        BinaryPrimitives.WriteInt32LittleEndian(span[0x3C..], PeOffset);
        "PE\0\0"u8.CopyTo(span[PeOffset..]);
        var coff = span[(PeOffset + 4)..];
        BinaryPrimitives.WriteUInt16LittleEndian(
            coff,
            architecture == TalosArchitecture.Arm64 ? (ushort)0xAA64 : (ushort)0x8664
        );
        BinaryPrimitives.WriteUInt16LittleEndian(coff[2..], (ushort)sectionCount);
        BinaryPrimitives.WriteUInt32LittleEndian(coff[4..], (uint)LabBytes.Epoch.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt16LittleEndian(coff[16..], (ushort)OptionalSize);
        BinaryPrimitives.WriteUInt16LittleEndian(coff[18..], 0x022E);

        var optional = coff[20..];
        BinaryPrimitives.WriteUInt16LittleEndian(optional, 0x20B);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[4..], _code);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[8..], _data);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[16..], (uint)Up(HeaderSize, SectionAlignment));
        BinaryPrimitives.WriteUInt32LittleEndian(optional[20..], (uint)Up(HeaderSize, SectionAlignment));
        BinaryPrimitives.WriteUInt64LittleEndian(optional[24..], 0x1_4DAC_0000);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[32..], SectionAlignment);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[36..], FileAlignment);
        BinaryPrimitives.WriteUInt16LittleEndian(optional[48..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(optional[50..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[56..], _address);
        BinaryPrimitives.WriteInt32LittleEndian(optional[60..], HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(optional[68..], 10);
        BinaryPrimitives.WriteUInt16LittleEndian(optional[70..], 0x0160);
        BinaryPrimitives.WriteInt32LittleEndian(optional[108..], DirectoryCount);
        for (var i = 0; i < _headers.Count; i++)
            _headers[i].CopyTo(optional[(OptionalSize + (40 * i))..]);
        return header;
    }

    private static int Up(int value, int alignment) => checked((value + alignment - 1) / alignment * alignment);
}
