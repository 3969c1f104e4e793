using System.Buffers.Binary;
using System.Text;

namespace TalosTailscale.Boot;

/// <summary>Puts loader variables into OVMF's variable store (edk2, MdeModulePkg/Include/Guid/VariableFormat.h).</summary>
internal static class VariableStore
{
    private const int HeaderSize = 60;
    private static readonly byte[] s_loader = new Guid("4a67b082-0a4c-41cf-b6c7-440b29bb8c4f").ToByteArray();

    public static byte[] With(byte[] store, params (string Name, string? Value)[] variables)
    {
        byte[] copy = [.. store];
        int at = 0x48 + 28;
        while (BinaryPrimitives.ReadUInt16LittleEndian(copy.AsSpan(at)) == 0x55AA)
        {
            Span<byte> header = copy.AsSpan(at);
            int sizes =
                BinaryPrimitives.ReadInt32LittleEndian(header[36..])
                + BinaryPrimitives.ReadInt32LittleEndian(header[40..]);
            at = (at + HeaderSize + sizes + 3) & ~3;
        }

        foreach ((string name, string? value) in variables)
        {
            if (value is null)
                continue;
            byte[] nameBytes = Encoding.Unicode.GetBytes(name + "\0"),
                data = Encoding.Unicode.GetBytes(value + "\0");
            Span<byte> header = copy.AsSpan(at, HeaderSize);
            header.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(header, 0x55AA);
            header[2] = 0x3F; // added
            BinaryPrimitives.WriteUInt32LittleEndian(header[4..], 7); // non-volatile, boot service, runtime
            BinaryPrimitives.WriteInt32LittleEndian(header[36..], nameBytes.Length);
            BinaryPrimitives.WriteInt32LittleEndian(header[40..], data.Length);
            s_loader.CopyTo(header[44..]);
            nameBytes.CopyTo(copy, at + HeaderSize);
            data.CopyTo(copy, at + HeaderSize + nameBytes.Length);
            at = (at + HeaderSize + nameBytes.Length + data.Length + 3) & ~3;
        }

        return copy;
    }
}
