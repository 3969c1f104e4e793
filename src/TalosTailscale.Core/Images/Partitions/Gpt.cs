using System.Buffers.Binary;
using System.Text;

namespace TalosTailscale.Core.Images.Partitions;

/// <summary>GUID partition tables.</summary>
internal static class Gpt
{
    private const int MaxTable = 1024 * 1024;

    public static async Task<IReadOnlyList<Partition>?> TryReadAsync(
        RandomReader disk,
        int sector,
        CancellationToken cancellationToken
    )
    {
        if (!await HasHeaderAsync(disk, sector, cancellationToken).ConfigureAwait(false))
            return null;
        var header = await ReadHeaderAsync(disk, sector, sector, cancellationToken).ConfigureAwait(false);
        var table = header is null
            ? null
            : await ReadTableAsync(disk, header, sector, cancellationToken).ConfigureAwait(false);
        if (table is null && disk.Holds(disk.Length - sector, 512) && disk.Length < long.MaxValue / 2)
        {
            // The copy at the end of the disk.
            header = await ReadHeaderAsync(disk, disk.Length - sector, sector, cancellationToken).ConfigureAwait(false);
            table = header is null
                ? null
                : await ReadTableAsync(disk, header, sector, cancellationToken).ConfigureAwait(false);
        }

        if (table is null)
        {
            throw ImageErrors.PartitionTableMalformed.New(
                $"'{disk.Name}' has a GPT whose checksums are wrong in both copies.",
                disk.Name
            );
        }

        return Parse(table, (int)BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(84)), sector);
    }

    private static async ValueTask<bool> HasHeaderAsync(
        RandomReader disk,
        int sector,
        CancellationToken cancellationToken
    )
    {
        if (!disk.Holds(sector, 512))
            return false;
        var signature = await disk.ReadAsync(sector, 8, "a GPT header", cancellationToken).ConfigureAwait(false);
        return signature.AsSpan().SequenceEqual("EFI PART"u8);
    }

    private static async ValueTask<byte[]?> ReadHeaderAsync(
        RandomReader disk,
        long offset,
        int sector,
        CancellationToken cancellationToken
    )
    {
        var header = await disk.ReadAsync(offset, 512, "a GPT header", cancellationToken).ConfigureAwait(false);
        if (!header.AsSpan(0, 8).SequenceEqual("EFI PART"u8))
            return null;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12));
        if (length is < 92 or > 512)
            return null;
        var expected = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(16));
        header.AsSpan(16, 4).Clear();
        if (Crc.Crc32(header.AsSpan(0, (int)length)) != expected)
            return null;
        return BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(24)) == (ulong)(offset / sector) ? header : null;
    }

    private static async ValueTask<byte[]?> ReadTableAsync(
        RandomReader disk,
        byte[] header,
        int sector,
        CancellationToken cancellationToken
    )
    {
        var at = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(72));
        var rows = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(80));
        var rowSize = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(84));
        if (at > (ulong)(disk.Length / sector) || rowSize is < 128 or > 4096 || rowSize % 8 != 0)
            return null;
        if (rows > MaxTable / rowSize)
            return null;
        var offset = (long)at * sector;
        var length = (int)(rows * rowSize);
        if (!disk.Holds(offset, length))
            return null;
        var table = await disk.ReadAsync(offset, length, "the GPT", cancellationToken).ConfigureAwait(false);
        return Crc.Crc32(table) == BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(88)) ? table : null;
    }

    private static List<Partition> Parse(ReadOnlySpan<byte> table, int rowSize, int sector)
    {
        var partitions = new List<Partition>();
        for (var i = 0; (i + 1) * rowSize <= table.Length; i++)
        {
            var row = table.Slice(i * rowSize, rowSize);
            var type = new Guid(row[..16]);
            if (type == Guid.Empty)
                continue;
            var first = BinaryPrimitives.ReadUInt64LittleEndian(row[32..]);
            var last = BinaryPrimitives.ReadUInt64LittleEndian(row[40..]);
            if (last < first || last >= (ulong)(long.MaxValue / sector))
                continue;
            var name = Encoding.Unicode.GetString(row[56..128]);
            var end = name.IndexOf('\0', StringComparison.Ordinal);
            partitions.Add(
                new Partition(
                    i + 1,
                    PrintableText.Clean(end < 0 ? name : name[..end]),
                    type,
                    new Guid(row[16..32]),
                    0,
                    (long)first * sector,
                    (long)(last - first + 1) * sector
                )
            );
        }

        return partitions;
    }
}
