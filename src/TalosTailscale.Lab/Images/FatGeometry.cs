using System.Buffers.Binary;

namespace TalosTailscale.Lab.Images;

/// <summary>Where things are in a FAT file system of a given size; the boot sector that says so.</summary>
internal sealed class FatGeometry
{
    public const int Sector = 512;
    private const int RootEntries16 = 512;

    private FatGeometry(long sectors, bool fat32, int sectorsPerCluster)
    {
        Sectors = checked((uint)sectors);
        Fat32 = fat32;
        SectorsPerCluster = sectorsPerCluster;
        Reserved = fat32 ? 32 : 4;
        var entry = fat32 ? 4 : 2;
        var root = fat32 ? 0 : RootEntries16 * 32 / Sector;
        // Each round can only shrink the table, so the first size that holds every cluster is found from above.
        FatSectors = (uint)((((sectors / sectorsPerCluster) + 2) * entry / Sector) + 1);
        Clusters = (uint)((sectors - Reserved - root - (2 * FatSectors)) / sectorsPerCluster);
    }

    public uint Sectors { get; }

    public bool Fat32 { get; }

    public int SectorsPerCluster { get; }

    public int Reserved { get; }

    public uint FatSectors { get; }

    /// <summary>Count of data clusters; the type of a FAT follows from it and from nothing else.</summary>
    public uint Clusters { get; }

    public int ClusterSize => SectorsPerCluster * Sector;

    public long RootOffset => (long)(Reserved + (2 * FatSectors)) * Sector;

    public int RootSize => Fat32 ? 0 : RootEntries16 * 32;

    public static FatGeometry For(long size)
    {
        var sectors = size / Sector;
        var fat32 = new FatGeometry(sectors, fat32: true, 1);
        if (fat32.Clusters >= 65_525)
            return fat32;
        var fat16 = new FatGeometry(sectors, fat32: false, 1);
        if (fat16.Clusters > 65_524)
            fat16 = new FatGeometry(sectors, fat32: false, 2);
        if (fat16.Clusters < 4_085)
            throw new ArgumentOutOfRangeException(nameof(size), size, "A FAT16 file system needs 4085 clusters.");
        return fat16;
    }

    public long OffsetOf(uint cluster) => RootOffset + RootSize + ((long)(cluster - 2) * ClusterSize);

    /// <summary>The boot sector (Microsoft FAT specification 1.03, section 3).</summary>
    public byte[] BootSector(string label)
    {
        var b = new byte[Sector];
        var s = b.AsSpan();
        ((ReadOnlySpan<byte>)[0xEB, 0x58, 0x90]).CopyTo(s);
        "mkfs.fat"u8.CopyTo(s[3..]);
        BinaryPrimitives.WriteUInt16LittleEndian(s[11..], Sector);
        s[13] = (byte)SectorsPerCluster;
        BinaryPrimitives.WriteUInt16LittleEndian(s[14..], (ushort)Reserved);
        s[16] = 2;
        BinaryPrimitives.WriteUInt16LittleEndian(s[17..], (ushort)(Fat32 ? 0 : RootEntries16));
        if (Sectors < 0x10000 && !Fat32)
            BinaryPrimitives.WriteUInt16LittleEndian(s[19..], (ushort)Sectors);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(s[32..], Sectors);
        s[21] = 0xF8;
        BinaryPrimitives.WriteUInt16LittleEndian(s[24..], 32);
        BinaryPrimitives.WriteUInt16LittleEndian(s[26..], 8);
        var tail = 36;
        if (Fat32)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(s[36..], FatSectors);
            BinaryPrimitives.WriteUInt32LittleEndian(s[44..], 2);
            BinaryPrimitives.WriteUInt16LittleEndian(s[48..], 1);
            BinaryPrimitives.WriteUInt16LittleEndian(s[50..], 6);
            tail = 64;
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(s[22..], (ushort)FatSectors);
        }

        s[tail] = 0x80;
        s[tail + 2] = 0x29;
        BinaryPrimitives.WriteUInt32LittleEndian(s[(tail + 3)..], 0x1A2B3C4D);
        System.Text.Encoding.ASCII.GetBytes(label.PadRight(11)).CopyTo(s[(tail + 7)..]);
        (Fat32 ? "FAT32   "u8 : "FAT16   "u8).CopyTo(s[(tail + 18)..]);
        b[510] = 0x55;
        b[511] = 0xAA;
        return b;
    }
}
