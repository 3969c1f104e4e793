using System.Buffers.Binary;
using System.Text;

namespace TalosTailscale.Tests.Images;

/// <summary>The smallest PE32+ file with the given sections: for what no imager would write.</summary>
internal static class TinyUki
{
    public const string OsRelease = "ID=talos\nVERSION_ID=v1.12.4\n";
    private const int Alignment = 0x200;
    private const int Pe = 0x80;
    private const int Optional = 112 + (16 * 8);

    public static byte[] Make(params (string Name, byte[] Content)[] sections) => Make(0x8664, sections);

    public static byte[] Make(ushort machine, params (string Name, byte[] Content)[] sections)
    {
        var headers = Up(Pe + 24 + Optional + (40 * sections.Length));
        var file = new byte[headers + sections.Sum(s => Up(s.Content.Length))];
        "MZ"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(0x3C), Pe);
        "PE"u8.CopyTo(file.AsSpan(Pe));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(Pe + 4), machine);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(Pe + 6), (ushort)sections.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(Pe + 20), Optional);
        var optional = file.AsSpan(Pe + 24, Optional);
        BinaryPrimitives.WriteUInt16LittleEndian(optional, 0x20B);
        BinaryPrimitives.WriteInt32LittleEndian(optional[32..], 0x1000);
        BinaryPrimitives.WriteInt32LittleEndian(optional[36..], Alignment);
        BinaryPrimitives.WriteInt32LittleEndian(optional[60..], headers);
        BinaryPrimitives.WriteInt32LittleEndian(optional[108..], 16);
        var (at, address) = (headers, 0x1000);
        for (var i = 0; i < sections.Length; i++)
        {
            var (name, content) = sections[i];
            var row = file.AsSpan(Pe + 24 + Optional + (40 * i), 40);
            Encoding.ASCII.GetBytes(name).CopyTo(row);
            BinaryPrimitives.WriteInt32LittleEndian(row[8..], content.Length);
            BinaryPrimitives.WriteInt32LittleEndian(row[12..], address);
            BinaryPrimitives.WriteInt32LittleEndian(row[16..], Up(content.Length));
            BinaryPrimitives.WriteInt32LittleEndian(row[20..], at);
            content.CopyTo(file, at);
            at += Up(content.Length);
            address += (content.Length + 0x1FFF) & ~0xFFF;
        }

        return file;
    }

    /// <summary>A kernel, an os-release and what is given.</summary>
    public static byte[] With(string name, byte[] content) => Make(Kernel, Release(OsRelease), (name, content));

    public static (string Name, byte[] Content) Kernel => (".linux", new byte[64]);

    public static (string Name, byte[] Content) Release(string text) => (".osrel", Encoding.UTF8.GetBytes(text));

    private static int Up(int length) => (length + Alignment - 1) & ~(Alignment - 1);
}
