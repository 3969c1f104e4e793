using System.Buffers.Binary;
using System.Text;

namespace TalosTailscale.Boot;

/// <summary>
/// A unified kernel image around systemd's stub, as <c>objcopy --add-section</c> makes it: sections appended behind those
/// of the stub, in the file and in memory.
/// </summary>
internal static class StubUki
{
    public static byte[] Create(byte[] stub, IReadOnlyList<(string Name, byte[] Content)> sections)
    {
        int pe = BinaryPrimitives.ReadInt32LittleEndian(stub.AsSpan(0x3C));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(stub.AsSpan(pe + 6));
        int optional = pe + 24;
        int table = optional + BinaryPrimitives.ReadUInt16LittleEndian(stub.AsSpan(pe + 20));
        int alignment = BinaryPrimitives.ReadInt32LittleEndian(stub.AsSpan(optional + 32));
        int fileAlignment = BinaryPrimitives.ReadInt32LittleEndian(stub.AsSpan(optional + 36));
        int oldHeaders = BinaryPrimitives.ReadInt32LittleEndian(stub.AsSpan(optional + 60));
        int headers = Round(Math.Max(oldHeaders, table + (40 * (count + sections.Count))), fileAlignment);
        int shift = headers - oldHeaders;
        int size =
            headers
            + Round(stub.Length - oldHeaders, fileAlignment)
            + sections.Sum(s => Round(s.Content.Length, fileAlignment));
        byte[] image = new byte[size];
        stub.AsSpan(0, table + (40 * count)).CopyTo(image);
        stub.AsSpan(oldHeaders).CopyTo(image.AsSpan(headers));

        int address = 0;
        for (int i = 0; i < count; i++)
        {
            Span<byte> row = image.AsSpan(table + (40 * i), 40);
            int raw = BinaryPrimitives.ReadInt32LittleEndian(row[20..]);
            if (raw > 0)
                BinaryPrimitives.WriteInt32LittleEndian(row[20..], raw + shift);
            address = Math.Max(address, Read(row, 12) + Math.Max(Read(row, 8), Read(row, 16)));
        }

        int at = headers + Round(stub.Length - oldHeaders, fileAlignment);
        foreach ((string name, byte[] content) in sections)
        {
            address = Round(address, alignment);
            Span<byte> row = image.AsSpan(table + (40 * count++), 40);
            Encoding.ASCII.GetBytes(name).CopyTo(row);
            BinaryPrimitives.WriteInt32LittleEndian(row[8..], content.Length);
            BinaryPrimitives.WriteInt32LittleEndian(row[12..], address);
            BinaryPrimitives.WriteInt32LittleEndian(row[16..], Round(content.Length, fileAlignment));
            BinaryPrimitives.WriteInt32LittleEndian(row[20..], at);
            BinaryPrimitives.WriteUInt32LittleEndian(row[36..], 0x40000040);
            content.CopyTo(image.AsSpan(at));
            at += Round(content.Length, fileAlignment);
            address += content.Length;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(pe + 6), (ushort)count);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(optional + 56), Round(address, alignment));
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(optional + 60), headers);
        return image;
    }

    private static int Read(ReadOnlySpan<byte> row, int at) => BinaryPrimitives.ReadInt32LittleEndian(row[at..]);

    private static int Round(int value, int alignment) => (value + alignment - 1) / alignment * alignment;
}
