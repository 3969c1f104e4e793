using System.Text;

namespace TalosTailscale.Tests.Images;

/// <summary>Small frames that unpack to much (RFC 8878, 3.1.1.2).</summary>
internal static class ZstdFrames
{
    private const int RleBlock = 128 * 1024;

    /// <summary>The header of an archive's member of nearly 4 GiB.</summary>
    public static byte[] CpioOf4GiB { get; } =
        Encoding.ASCII.GetBytes(
            "070701" + new string('0', 8 * 6) + "FFFFFFF0" + new string('0', 8 * 4) + "00000002" + "00000000" + "a\0"
        );

    /// <summary>A frame of one raw block and blocks of one byte repeated.</summary>
    public static byte[] OfZeros(byte[] first, long zeros)
    {
        using var frame = new MemoryStream();
        frame.Write([0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58]);
        Block(frame, (first.Length << 3) | 0, first);
        for (; zeros > 0; zeros -= RleBlock)
            Block(frame, (RleBlock << 3) | 2 | (zeros <= RleBlock ? 1 : 0), [0]);
        return frame.ToArray();
    }

    private static void Block(Stream frame, int header, byte[] content)
    {
        frame.Write([(byte)header, (byte)(header >> 8), (byte)(header >> 16)]);
        frame.Write(content);
    }
}
