using System.Buffers.Binary;
using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>
/// Writes an image as <c>xorrisofs -iso-level 3 -e --interval:appended_partition_2:all:: -append_partition 2 0xef</c>
/// does for Talos: ISO 9660 with Rock Ridge, and the same files in a FAT image behind it, which is MBR partition 2 and
/// the El Torito boot image.
/// </summary>
internal static class IsoWriter
{
    public const int Block = 2048;
    private const uint PathTableL = 19;
    private const uint PathTableM = 20;
    private const uint FirstFolder = 21;

    public static void Write(Stream output, IReadOnlyList<LabFile> files, string volume)
    {
        var start = output.Position;
        var root = Tree(files);
        var catalog = new LabFile("boot.catalog", new byte[Block]); // a file of the tree, as xorriso makes it
        root.Add(catalog.Path, catalog);
        var folders = BreadthFirst(root);
        var next = FirstFolder;
        foreach (var folder in folders)
            folder.Block = next++;
        var continuation = next++; // libarchive wants it behind the folder that names it
        foreach (var folder in folders)
        {
            foreach (var file in folder.Files)
            {
                folder.FileBlocks[file] = next;
                next += checked((uint)((file.Length + Block - 1) / Block));
            }
        }

        // Appended partitions start at whole MiB ("-partition_cyl_align all").
        var fat = (next + 511) / 512 * 512;
        output.Position = start + ((long)fat * Block);
        FatWriter.Write(output, files, FatSize(files));
        var end = output.Position - start;

        void At(uint block, byte[] bytes)
        {
            output.Position = start + ((long)block * Block);
            output.Write(bytes);
        }

        At(0, Mbr(fat, end));
        At(16, Primary(root, volume, fat, PathTable(folders, bigEndian: false).Length));
        At(17, BootRecord(root.FileBlocks[catalog]));
        At(18, Descriptor(255));
        At(PathTableL, PathTable(folders, bigEndian: false));
        At(PathTableM, PathTable(folders, bigEndian: true));
        var er = ExtensionReference();
        At(continuation, er);
        foreach (var folder in folders)
        {
            At(folder.Block, folder.Bytes(continuation, er.Length));
            foreach (var (file, block) in folder.FileBlocks)
            {
                output.Position = start + ((long)block * Block);
                file.CopyTo(output);
            }
        }

        At(root.FileBlocks[catalog], BootCatalog(fat, end - ((long)fat * Block)));
        output.Position = start + end;
    }

    // Talos: 10 MiB and every file rounded up to MiB.
    private static long FatSize(IReadOnlyList<LabFile> files) =>
        (10 + files.Sum(f => (f.Length + 1048575) >> 20)) << 20;

    private static IsoFolder Tree(IReadOnlyList<LabFile> files)
    {
        var root = new IsoFolder(null);
        foreach (var file in files)
        {
            var parts = file.Path.Split('/');
            var folder = root;
            foreach (var part in parts[..^1])
                folder = folder.Folder(part);
            folder.Add(parts[^1], file);
        }

        return root;
    }

    private static List<IsoFolder> BreadthFirst(IsoFolder root)
    {
        var folders = new List<IsoFolder> { root };
        for (var i = 0; i < folders.Count; i++)
        {
            folders[i].Number = (ushort)(i + 1);
            folders.AddRange(folders[i].Folders);
        }

        return folders;
    }

    private static byte[] PathTable(List<IsoFolder> folders, bool bigEndian)
    {
        using var table = new MemoryStream();
        foreach (var folder in folders)
        {
            var name = Encoding.ASCII.GetBytes(folder.PlainName);
            var r = new byte[8 + name.Length + (name.Length % 2)];
            r[0] = (byte)name.Length;
            if (bigEndian)
            {
                BinaryPrimitives.WriteUInt32BigEndian(r.AsSpan(2), folder.Block);
                BinaryPrimitives.WriteUInt16BigEndian(r.AsSpan(6), folder.Parent.Number);
            }
            else
            {
                BinaryPrimitives.WriteUInt32LittleEndian(r.AsSpan(2), folder.Block);
                BinaryPrimitives.WriteUInt16LittleEndian(r.AsSpan(6), folder.Parent.Number);
            }

            name.CopyTo(r, 8);
            table.Write(r);
        }

        return table.ToArray();
    }

    // ECMA-119, 8.4.
    private static byte[] Primary(IsoFolder root, string volume, uint volumeBlocks, int pathTableLength)
    {
        var d = Descriptor(1);
        Text(d, 8, 32, "");
        Text(d, 40, 32, volume.ToUpperInvariant().Replace('-', '_').Replace('.', '_'));
        IsoFolder.Both(d.AsSpan(80), volumeBlocks);
        foreach (var (offset, value) in ((int, ushort)[])[(120, 1), (124, 1), (128, Block)])
        {
            BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(offset), value);
            BinaryPrimitives.WriteUInt16BigEndian(d.AsSpan(offset + 2), value);
        }

        IsoFolder.Both(d.AsSpan(132), (uint)pathTableLength);
        BinaryPrimitives.WriteUInt32LittleEndian(d.AsSpan(140), PathTableL);
        BinaryPrimitives.WriteUInt32BigEndian(d.AsSpan(148), PathTableM);
        IsoFolder.Record([0], root.Block, IsoFolder.Length, 2, []).CopyTo(d, 156);
        Text(d, 190, 128, volume);
        Text(d, 318, 495, "");
        foreach (var offset in (int[])[813, 830])
            Encoding.ASCII.GetBytes("2026020612000000").CopyTo(d, offset);
        foreach (var offset in (int[])[847, 864])
            Encoding.ASCII.GetBytes("0000000000000000").CopyTo(d, offset);
        d[881] = 1;
        return d;
    }

    private static byte[] BootRecord(uint catalog)
    {
        var d = Descriptor(0);
        Encoding.ASCII.GetBytes("EL TORITO SPECIFICATION").CopyTo(d, 7);
        BinaryPrimitives.WriteUInt32LittleEndian(d.AsSpan(71), catalog);
        return d;
    }

    // El Torito 1.0, section 2: one entry for EFI without emulation. The count has 16 bits; 0 when it does not fit.
    private static byte[] BootCatalog(uint fat, long fatLength)
    {
        var c = new byte[64];
        c[0] = 1;
        c[1] = 0xEF;
        c[30] = 0x55;
        c[31] = 0xAA;
        var sum = 0;
        for (var i = 0; i < 32; i += 2)
            sum += BinaryPrimitives.ReadUInt16LittleEndian(c.AsSpan(i));
        BinaryPrimitives.WriteUInt16LittleEndian(c.AsSpan(28), (ushort)-sum);
        c[32] = 0x88;
        var sectors = fatLength / 512;
        BinaryPrimitives.WriteUInt16LittleEndian(c.AsSpan(38), (ushort)(sectors > 65535 ? 0 : sectors));
        BinaryPrimitives.WriteUInt32LittleEndian(c.AsSpan(40), fat);
        return c;
    }

    private static byte[] Mbr(uint fat, long end)
    {
        var m = new byte[512];
        BinaryPrimitives.WriteUInt32LittleEndian(m.AsSpan(440), 0x7A1057A1);
        Partition(m.AsSpan(446), 0x83, 0, fat * 4);
        Partition(m.AsSpan(462), 0xEF, fat * 4, checked((uint)(end / 512)) - (fat * 4));
        m[510] = 0x55;
        m[511] = 0xAA;
        return m;
    }

    private static void Partition(Span<byte> entry, byte type, uint first, uint count)
    {
        ((ReadOnlySpan<byte>)[0, 0xFE, 0xFF, 0xFF, type, 0xFE, 0xFF, 0xFF]).CopyTo(entry);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], first);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], count);
    }

    private static byte[] ExtensionReference()
    {
        var id = "RRIP_1991A"u8;
        var description = "THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS"u8;
        return
        [
            (byte)'E',
            (byte)'R',
            (byte)(8 + id.Length + description.Length),
            1,
            (byte)id.Length,
            (byte)description.Length,
            0,
            1,
            .. id,
            .. description,
        ];
    }

    private static byte[] Descriptor(byte type)
    {
        var d = new byte[Block];
        d[0] = type;
        "CD001"u8.CopyTo(d.AsSpan(1));
        d[6] = 1;
        return d;
    }

    private static void Text(byte[] target, int offset, int length, string text) =>
        Encoding.ASCII.GetBytes(text.PadRight(length)[..length]).CopyTo(target, offset);
}
