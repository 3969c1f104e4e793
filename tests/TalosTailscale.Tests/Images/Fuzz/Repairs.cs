using System.Buffers.Binary;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary>Checksums put right after a mutation; not always, so that wrong ones are tried too.</summary>
internal static class Repairs
{
    public static void Gpt(Mutation input, Random random)
    {
        if (random.Next(3) == 0)
            return;
        var disk = input.Bytes;
        foreach (var sector in (int[])[512, 4096])
        {
            if (disk.Length < sector + 512 || !disk.AsSpan(sector, 8).SequenceEqual("EFI PART"u8))
                continue;
            var header = disk.AsSpan(sector, 512);
            input.Save(sector, 512);
            var table = BinaryPrimitives.ReadUInt64LittleEndian(header[72..]) * (ulong)sector;
            var length =
                (ulong)BinaryPrimitives.ReadUInt32LittleEndian(header[80..])
                * BinaryPrimitives.ReadUInt32LittleEndian(header[84..]);
            if (table < (ulong)disk.Length && length <= (ulong)disk.Length - table && length < 1 << 20)
                Sum(disk.AsSpan((int)table, (int)length), header[88..]);
            var size = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
            header.Slice(16, 4).Clear();
            if (size <= 512)
                Sum(header[..(int)size], header[16..]);
        }
    }

    public static void BootCatalogue(Mutation input, Random random)
    {
        var iso = input.Bytes;
        if (random.Next(3) == 0 || iso.Length < 18 * 2048)
            return;
        var at = BinaryPrimitives.ReadUInt32LittleEndian(iso.AsSpan((17 * 2048) + 71)) * 2048L;
        if (at > iso.Length - 2048)
            return;
        input.Save((int)at, 32);
        var row = iso.AsSpan((int)at, 32);
        row[0] = 1;
        (row[30], row[31]) = (0x55, 0xAA);
        row.Slice(28, 2).Clear();
        ushort sum = 0;
        for (var i = 0; i < 32; i += 2)
            sum = unchecked((ushort)(sum + BinaryPrimitives.ReadUInt16LittleEndian(row[i..])));
        BinaryPrimitives.WriteUInt16LittleEndian(row[28..], unchecked((ushort)-sum));
    }

    public static void Xz(Mutation input, Random random)
    {
        var data = input.Bytes;
        if (random.Next(3) == 0 || data.Length < 36)
            return;
        var end = data.Length;
        while (end > 36 && data[end - 1] == 0)
            end--;
        input.Save(0, data.Length);
        Sum(data.AsSpan(6, 2), data.AsSpan(8));
        var index = ((long)BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(end - 8)) + 1) * 4;
        if (index <= end - 24)
            Sum(data.AsSpan(end - 12 - (int)index, (int)index - 4), data.AsSpan(end - 16));
        Sum(data.AsSpan(end - 8, 6), data.AsSpan(end - 12));
        var block = (data[12] + 1) * 4;
        if (12 + block <= end)
            Sum(data.AsSpan(12, block - 4), data.AsSpan(12 + block - 4));
    }

    private static void Sum(ReadOnlySpan<byte> over, Span<byte> into) =>
        BinaryPrimitives.WriteUInt32LittleEndian(into, Crc.Crc32(over));
}
