namespace TalosTailscale.Core.Images;

/// <summary>The two CRCs of the formats here: CRC-32 (IEEE 802.3: GPT, xz) and CRC-64 (ECMA-182: xz).</summary>
internal static class Crc
{
    private static readonly uint[] s_crc32 = Table32();
    private static readonly ulong[] s_crc64 = Table64();

    public static uint Crc32(ReadOnlySpan<byte> data) => ~Update32(uint.MaxValue, data);

    /// <summary>Goes on with a running CRC-32, which starts as all ones and is inverted at the end.</summary>
    public static uint Update32(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (var b in data)
            crc = s_crc32[(byte)crc ^ b] ^ (crc >> 8);
        return crc;
    }

    /// <summary>Goes on with a running CRC-64, which starts as all ones and is inverted at the end.</summary>
    public static ulong Update64(ulong crc, ReadOnlySpan<byte> data)
    {
        foreach (var b in data)
            crc = s_crc64[(byte)crc ^ b] ^ (crc >> 8);
        return crc;
    }

    private static uint[] Table32()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
            table[i] = value;
        }

        return table;
    }

    private static ulong[] Table64()
    {
        var table = new ulong[256];
        for (var i = 0u; i < 256; i++)
        {
            ulong value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? (value >> 1) ^ 0xC96C5795D7870F42 : value >> 1;
            table[i] = value;
        }

        return table;
    }
}
