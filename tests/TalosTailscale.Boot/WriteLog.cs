using System.Buffers.Binary;

namespace TalosTailscale.Boot;

/// <summary>A write that the guest made, or (without data) a flush of the disk's cache.</summary>
internal sealed record DiskWrite(long Offset, byte[] Data, bool Flush);

/// <summary>Reads what QEMU's blklogwrites recorded (Linux, Documentation/admin-guide/device-mapper/log-writes.rst).</summary>
internal static class WriteLog
{
    private const ulong Magic = 0x6a736677736872;
    private const int Sector = 512;

    public static IReadOnlyList<DiskWrite> Read(string path)
    {
        byte[] log = File.ReadAllBytes(path);
        Assert.Equal(Magic, BinaryPrimitives.ReadUInt64LittleEndian(log));
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(log.AsSpan(16));
        var writes = new List<DiskWrite>();
        int at = Sector;
        for (ulong i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = log.AsSpan(at);
            long sector = BinaryPrimitives.ReadInt64LittleEndian(entry),
                sectors = BinaryPrimitives.ReadInt64LittleEndian(entry[8..]);
            ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]);
            at += Sector;
            bool discard = (flags & 4) != 0;
            int length = discard ? 0 : checked((int)(sectors * Sector));
            writes.Add(new DiskWrite(sector * Sector, log.AsSpan(at, length).ToArray(), (flags & 1) != 0));
            at += length;
        }

        return writes;
    }
}
