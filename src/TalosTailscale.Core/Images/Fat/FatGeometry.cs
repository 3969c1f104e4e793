using System.Buffers.Binary;
using System.Numerics;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Fat;

/// <summary>The layout of a FAT file system, from its boot sector ("FAT: General Overview of On-Disk Format").</summary>
internal sealed record FatGeometry
{
    /// <summary>12, 16 or 32 bits per entry.</summary>
    public int Bits { get; private init; }

    public int SectorSize { get; private init; }

    public int ClusterSize { get; private init; }

    public long TotalBytes { get; private init; }

    public long TableOffset { get; private init; }

    public long TableLength { get; private init; }

    public long RootOffset { get; private init; }

    /// <summary>Length of the fixed root folder; 0 for FAT32.</summary>
    public int RootLength { get; private init; }

    /// <summary>First cluster of the root folder; 0 unless FAT32.</summary>
    public uint RootCluster { get; private init; }

    public long DataOffset { get; private init; }

    public uint ClusterCount { get; private init; }

    /// <summary>The label of the boot sector, without padding; the one in the root folder takes precedence.</summary>
    public string Label { get; private init; } = "";

    public string Type => $"FAT{Bits}";

    /// <summary>Reads a boot sector; null where it is none.</summary>
    public static FatGeometry? TryParse(ReadOnlySpan<byte> boot)
    {
        if (boot.Length < 512 || boot[510] != 0x55 || boot[511] != 0xAA)
            return null;
        if (boot[0] is not (0xEB or 0xE9))
            return null;
        int sector = BinaryPrimitives.ReadUInt16LittleEndian(boot[11..]);
        int perCluster = boot[13];
        int reserved = BinaryPrimitives.ReadUInt16LittleEndian(boot[14..]);
        int tables = boot[16];
        int rootEntries = BinaryPrimitives.ReadUInt16LittleEndian(boot[17..]);
        if (sector is not (512 or 1024 or 2048 or 4096) || !BitOperations.IsPow2(perCluster))
            return null;
        if (reserved == 0 || tables is 0 or > 4)
            return null;

        long total = BinaryPrimitives.ReadUInt16LittleEndian(boot[19..]);
        if (total == 0)
            total = BinaryPrimitives.ReadUInt32LittleEndian(boot[32..]);
        long perTable = BinaryPrimitives.ReadUInt16LittleEndian(boot[22..]);
        var fat32 = perTable == 0; // As Linux and edk2 tell them apart.
        if (fat32)
            perTable = BinaryPrimitives.ReadUInt32LittleEndian(boot[36..]);
        var rootSectors = ((rootEntries * 32) + sector - 1) / sector;
        var data = reserved + (tables * perTable) + rootSectors;
        if (perTable == 0 || data >= total || (fat32 && rootEntries != 0))
            return null;

        var clusters = (total - data) / perCluster;
        var bits =
            fat32 ? 32
            : clusters < 4085 ? 12
            : 16;
        // A table shorter than its clusters need would be read beyond its end.
        clusters = Math.Min(clusters, (perTable * sector * 8 / bits) - 2);
        if (clusters is < 1 or > 0x0FFFFFF5)
            return null;
        return new FatGeometry
        {
            Bits = bits,
            SectorSize = sector,
            ClusterSize = sector * perCluster,
            TotalBytes = total * sector,
            TableOffset = (long)reserved * sector,
            TableLength = perTable * sector,
            RootOffset = (reserved + (tables * perTable)) * sector,
            RootLength = rootEntries * 32,
            RootCluster = fat32 ? BinaryPrimitives.ReadUInt32LittleEndian(boot[44..]) : 0,
            DataOffset = data * sector,
            ClusterCount = (uint)clusters,
            Label = PrintableText.Ascii(boot.Slice(fat32 ? 71 : 43, 11)).TrimEnd(' '),
        };
    }

    public long OffsetOf(uint cluster) => DataOffset + ((cluster - 2L) * ClusterSize);

    public bool IsCluster(uint cluster) => cluster >= 2 && cluster - 2 < ClusterCount;
}
