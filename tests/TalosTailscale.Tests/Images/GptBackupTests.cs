using System.Buffers.Binary;
using TalosTailscale.Core.Images;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>A disk whose first partition table is gone is read by the one at its end.</summary>
public sealed class GptBackupTests
{
    private const int Mib = 1 << 20;

    [Theory]
    [InlineData(512, "none")]
    [InlineData(4096, "none")]
    [InlineData(512, "signature")]
    [InlineData(512, "checksum")]
    [InlineData(512, "table")]
    [InlineData(4096, "signature")]
    public async Task Either_copy_is_enough(int sector, string damage)
    {
        var disk = Disk(sector);
        Damage(disk, sector, damage);

        var place = Assert.Single(await FindAsync(disk));

        Assert.Equal(("EFI/Linux/Talos-v1.12.4.efi", UkiContainer.Disk), (place.Location, place.Container));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public async Task A_record_that_says_GPT_and_no_copy_is_an_error(int sector)
    {
        var disk = Disk(sector);
        Damage(disk, sector, "signature");
        disk.AsSpan(disk.Length - sector, 8).Clear();

        Assert.Equal("PartitionTableMalformed", (await Assert.ThrowsAsync<TsException>(() => FindAsync(disk))).ErrorId);
    }

    // UEFI 5.2.3: an old table at the end of a disk without a protective record is nobody's.
    [Fact]
    public async Task A_copy_at_the_end_counts_only_where_the_first_record_says_GPT()
    {
        var disk = Disk(512);
        Damage(disk, 512, "signature");
        disk.AsSpan(446, 16).Clear();

        Assert.Equal("ImageFormatUnknown", (await Assert.ThrowsAsync<TsException>(() => FindAsync(disk))).ErrorId);
    }

    private static Task<IReadOnlyList<UkiLocation>> FindAsync(byte[] disk) =>
        UkiFinder.FindAsync(new MemoryStream(disk), "disk.raw", TestContext.Current.CancellationToken);

    private static void Damage(byte[] disk, int sector, string how)
    {
        if (how == "signature")
            disk.AsSpan(sector, 8).Clear();
        if (how == "checksum")
            disk[sector + 16] ^= 1;
        if (how == "table")
            disk[(2 * sector) + 60] ^= 1;
    }

    private static byte[] Disk(int sector)
    {
        using var esp = new MemoryStream();
        var files = new Dictionary<string, byte[]>
        {
            ["EFI/Linux/Talos-v1.12.4.efi"] = LabImages.Uki(new LabUkiSpec()),
        };
        LabImages.WriteEsp(esp, files, 4 * Mib);
        var disk = new byte[6 * Mib];
        esp.ToArray().CopyTo(disk, Mib);
        disk[510] = 0x55;
        disk[511] = 0xAA;
        disk[446 + 4] = 0xEE;
        BinaryPrimitives.WriteUInt32LittleEndian(disk.AsSpan(446 + 8), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(disk.AsSpan(446 + 12), uint.MaxValue);

        var table = new byte[128 * 128];
        new Guid("C12A7328-F81F-11D2-BA4B-00A0C93EC93B").TryWriteBytes(table);
        table[16] = 1;
        BinaryPrimitives.WriteInt64LittleEndian(table.AsSpan(32), Mib / sector);
        BinaryPrimitives.WriteInt64LittleEndian(table.AsSpan(40), (5 * Mib / sector) - 1);
        var last = (disk.Length / sector) - 1;
        var rows = table.Length / sector;
        table.CopyTo(disk, 2 * sector);
        table.CopyTo(disk, (last - rows) * sector);
        Header(disk, sector, 1, last, 2, table);
        Header(disk, sector, last, 1, last - rows, table);
        return disk;
    }

    private static void Header(byte[] disk, int sector, int here, int other, int tableAt, byte[] table)
    {
        var header = disk.AsSpan(here * sector, 92);
        "EFI PART"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 0x10000);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], 92);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], here);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], other);
        BinaryPrimitives.WriteInt64LittleEndian(header[72..], tableAt);
        BinaryPrimitives.WriteUInt32LittleEndian(header[80..], 128);
        BinaryPrimitives.WriteUInt32LittleEndian(header[84..], 128);
        BinaryPrimitives.WriteUInt32LittleEndian(header[88..], Crc.Crc32(table));
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc.Crc32(header));
    }
}
