using System.Buffers.Binary;

namespace TalosTailscale.Core.Images.Iso;

/// <summary>An entry of the boot catalogue.</summary>
/// <param name="Platform">0 = BIOS, 0xEF = UEFI.</param>
/// <param name="Bootable">Whether the firmware should offer it.</param>
/// <param name="Emulation">0 = none; others stand for floppies and a hard disk.</param>
/// <param name="Sectors512">How much to load, in 512-byte sectors; 0 for anything that 16 bits cannot say.</param>
/// <param name="Offset">Where the boot image starts, in bytes.</param>
internal sealed record ElToritoEntry(byte Platform, bool Bootable, byte Emulation, int Sectors512, long Offset)
{
    public bool IsUefi => Platform == 0xEF;
}

/// <summary>The boot catalogue ("El Torito" Bootable CD-ROM Format Specification 1.0).</summary>
internal static class ElTorito
{
    private const int Sector = 2048;
    private const int Row = 32;

    public static async Task<IReadOnlyList<ElToritoEntry>> ReadAsync(
        RandomReader file,
        long offset,
        CancellationToken cancellationToken
    )
    {
        // One sector has room for 64 rows; real catalogues have two to six.
        var catalog = await file.ReadAsync(offset, Sector, "the boot catalogue", cancellationToken)
            .ConfigureAwait(false);
        if (catalog[0] != 1 || catalog[30] != 0x55 || catalog[31] != 0xAA || Sum(catalog.AsSpan(0, Row)) != 0)
        {
            throw ImageErrors.IsoMalformed.New(
                $"'{file.Name}' has a boot catalogue whose validation entry does not validate.",
                file.Name
            );
        }

        var platform = catalog[1];
        var entries = new List<ElToritoEntry> { Entry(platform, catalog.AsSpan(Row, Row)) };
        var left = 0;
        for (var at = 2 * Row; at < Sector; at += Row)
        {
            var row = catalog.AsSpan(at, Row);
            if (left > 0)
            {
                if (row[0] == 0x44)
                    continue; // Extension of the entry before.
                entries.Add(Entry(platform, row));
                left--;
            }
            else if (row[0] is 0x90 or 0x91)
            {
                platform = row[1];
                left = BinaryPrimitives.ReadUInt16LittleEndian(row[2..]);
            }
            else if (row[0] != 0x44)
            {
                break;
            }
        }

        return entries;
    }

    private static ElToritoEntry Entry(byte platform, ReadOnlySpan<byte> row) =>
        new(
            platform,
            row[0] == 0x88,
            (byte)(row[1] & 0xF),
            BinaryPrimitives.ReadUInt16LittleEndian(row[6..]),
            (long)BinaryPrimitives.ReadUInt32LittleEndian(row[8..]) * Sector
        );

    private static ushort Sum(ReadOnlySpan<byte> row)
    {
        ushort sum = 0;
        for (var i = 0; i < Row; i += 2)
            sum = unchecked((ushort)(sum + BinaryPrimitives.ReadUInt16LittleEndian(row[i..])));
        return sum;
    }
}
