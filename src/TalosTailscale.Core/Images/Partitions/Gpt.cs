using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Partitions;

/// <summary>GUID partition tables.</summary>
internal static class Gpt
{
    private const int MaxTable = 1024 * 1024;
    private const long MaxDisk = 1L << 50;
    private static readonly int[] s_sectors = [512, 4096];

    /// <summary>
    /// Reads the table that stands at the start of the disk, else the copy at its end; null where the disk has neither
    /// a header nor a record that says that there is one (UEFI specification, 5.2.3).
    /// </summary>
    /// <exception cref="TsException"><see cref="ImageErrors.PartitionTableMalformed"/>: no copy can be used.</exception>
    public static async Task<PartitionTable?> TryReadAsync(
        RandomReader disk,
        bool isProtected,
        CancellationToken cancellationToken
    )
    {
        var said = isProtected;
        foreach (var sector in s_sectors)
        {
            said |= await HasHeaderAsync(disk, sector, cancellationToken).ConfigureAwait(false);
            if (await ReadAsync(disk, sector, sector, cancellationToken).ConfigureAwait(false) is { } table)
                return table;
        }

        if (!said)
            return null;
        // How long a compressed disk is is not known before all of it is unpacked.
        var hasEnd = disk.Length <= MaxDisk;
        foreach (var sector in hasEnd ? s_sectors : [])
        {
            if (
                await ReadAsync(disk, disk.Length - sector, sector, cancellationToken).ConfigureAwait(false) is { } copy
            )
                return copy;
        }

        throw ImageErrors.PartitionTableMalformed.New(
            hasEnd
                ? $"'{disk.Name}' has a GPT that is damaged or missing in both places."
                : $"'{disk.Name}' has a GPT that is damaged or missing at the start; the copy at the end can be read "
                    + "only where the image is not compressed.",
            disk.Name
        );
    }

    private static async ValueTask<PartitionTable?> ReadAsync(
        RandomReader disk,
        long offset,
        int sector,
        CancellationToken cancellationToken
    )
    {
        if (!disk.Holds(offset, 512))
            return null;
        var header = await ReadHeaderAsync(disk, offset, sector, cancellationToken).ConfigureAwait(false);
        var table = header is null
            ? null
            : await ReadTableAsync(disk, header, sector, cancellationToken).ConfigureAwait(false);
        if (table is null)
            return null;
        var rowSize = (int)BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(84));
        return new PartitionTable(sector, Parse(table, rowSize, sector));
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
                    PrintableText.Line(end < 0 ? name : name[..end]),
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
