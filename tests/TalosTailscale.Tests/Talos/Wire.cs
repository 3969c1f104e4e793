using System.Text;

namespace TalosTailscale.Tests.Talos;

/// <summary>Protocol buffers by hand, for answers whose field numbers are written in the test.</summary>
internal static class Wire
{
    public static byte[] Message(params byte[][] fields) => [.. fields.SelectMany(field => field)];

    public static byte[] Bytes(int number, byte[] value) =>
        [.. Varint((ulong)((number << 3) | 2)), .. Varint((ulong)value.Length), .. value];

    public static byte[] Text(int number, string value) => Bytes(number, Encoding.UTF8.GetBytes(value));

    public static byte[] Number(int number, ulong value) => [.. Varint((ulong)(number << 3)), .. Varint(value)];

    public static byte[] Nested(int number, params byte[][] fields) => Bytes(number, Message(fields));

    private static List<byte> Varint(ulong value)
    {
        var bytes = new List<byte>();
        while (value >= 0x80)
        {
            bytes.Add((byte)(value | 0x80));
            value >>= 7;
        }

        bytes.Add((byte)value);
        return bytes;
    }
}
