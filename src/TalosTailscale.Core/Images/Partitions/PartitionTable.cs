namespace TalosTailscale.Core.Images.Partitions;

/// <summary>A partition of a disk image.</summary>
/// <param name="Number">Its number as the kernel counts: from 1, logical ones from 5.</param>
/// <param name="Name">The GPT name; empty for MBR.</param>
/// <param name="Type">The GPT type; for MBR null.</param>
/// <param name="Id">The GPT partition GUID; for MBR null.</param>
/// <param name="MbrType">The MBR type; 0 for GPT.</param>
/// <param name="Offset">Start in bytes.</param>
/// <param name="Size">Length in bytes.</param>
internal sealed record Partition(int Number, string Name, Guid? Type, Guid? Id, byte MbrType, long Offset, long Size)
{
    private static readonly Guid s_esp = new("C12A7328-F81F-11D2-BA4B-00A0C93EC93B");

    /// <summary>True for an EFI system partition.</summary>
    public bool IsEsp => Type is { } type ? type == s_esp : MbrType == 0xEF;

    /// <summary>True where firmware would look for a FAT file system although it is not marked as ESP.</summary>
    public bool IsFat => MbrType is 0x01 or 0x04 or 0x06 or 0x0B or 0x0C or 0x0E;
}

/// <summary>The partitions of a disk image: GPT (UEFI specification §5) with 512 and 4096-byte sectors, else MBR.</summary>
/// <param name="SectorSize">Bytes per sector.</param>
/// <param name="Partitions">In the order of the table.</param>
internal sealed record PartitionTable(int SectorSize, IReadOnlyList<Partition> Partitions)
{
    private const byte Protective = 0xEE;

    /// <summary>Reads the table; null where there is none.</summary>
    public static async Task<PartitionTable?> TryReadAsync(RandomReader disk, CancellationToken cancellationToken)
    {
        var mbr = await Mbr.TryReadAsync(disk, cancellationToken).ConfigureAwait(false);
        var isProtected = mbr is not null && mbr.Any(p => p.MbrType == Protective);
        if (await Gpt.TryReadAsync(disk, isProtected, cancellationToken).ConfigureAwait(false) is { } gpt)
            return gpt;
        return mbr is null ? null : new PartitionTable(512, mbr);
    }
}
