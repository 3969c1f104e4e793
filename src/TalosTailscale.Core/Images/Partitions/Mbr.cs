using System.Buffers.Binary;

namespace TalosTailscale.Core.Images.Partitions;

/// <summary>Master boot records with extended partitions.</summary>
internal static class Mbr
{
    private const int Sector = 512;
    private const int MaxLogical = 60;

    public static async Task<IReadOnlyList<Partition>?> TryReadAsync(
        RandomReader disk,
        CancellationToken cancellationToken
    )
    {
        if (!disk.Holds(0, Sector))
            return null;
        var boot = await disk.ReadAsync(0, Sector, "the MBR", cancellationToken).ConfigureAwait(false);
        if (boot[510] != 0x55 || boot[511] != 0xAA)
            return null;
        var partitions = new List<Partition>();
        for (var i = 0; i < 4; i++)
        {
            var (type, first, count) = Row(boot, i);
            if (boot[446 + (i * 16)] is not (0 or 0x80))
                return null;
            if (type == 0 || count == 0)
                continue;
            if (IsExtended(type))
                await AddLogicalAsync(disk, first, partitions, cancellationToken).ConfigureAwait(false);
            else
                partitions.Add(new Partition(i + 1, "", null, null, type, first * Sector, count * Sector));
        }

        return partitions.Count > 0 ? [.. partitions.OrderBy(p => p.Number)] : null;
    }

    private static async Task AddLogicalAsync(
        RandomReader disk,
        long extended,
        List<Partition> partitions,
        CancellationToken cancellationToken
    )
    {
        var at = extended;
        for (var i = 0; i < MaxLogical && disk.Holds(at * Sector, Sector); i++)
        {
            var record = await disk.ReadAsync(at * Sector, Sector, "an extended boot record", cancellationToken)
                .ConfigureAwait(false);
            if (record[510] != 0x55 || record[511] != 0xAA)
                return;
            var (type, first, count) = Row(record, 0);
            if (type != 0 && count != 0)
                partitions.Add(new Partition(5 + i, "", null, null, type, (at + first) * Sector, count * Sector));
            var (next, link, _) = Row(record, 1);
            if (!IsExtended(next) || link == 0)
                return;
            at = extended + link;
        }
    }

    private static bool IsExtended(byte type) => type is 0x05 or 0x0F or 0x85;

    private static (byte Type, long First, long Count) Row(byte[] record, int index)
    {
        var row = record.AsSpan(446 + (index * 16), 16);
        return (
            row[4],
            BinaryPrimitives.ReadUInt32LittleEndian(row[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(row[12..])
        );
    }
}
