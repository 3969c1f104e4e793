using System.Buffers.Binary;

namespace TalosTailscale.Lab.Images;

/// <summary>Writes FAT16 and FAT32 file systems with long names, every file in one run of clusters.</summary>
internal static class FatWriter
{
    private const string Label = "EFI";

    /// <summary>Writes a file system of the given size at the stream's position.</summary>
    public static void Write(Stream output, IReadOnlyList<LabFile> files, long size)
    {
        var start = output.Position;
        var geometry = FatGeometry.For(size);
        var table = new uint[geometry.Clusters + 2];
        table[0] = 0x0FFFFFF8;
        table[1] = 0x0FFFFFFF;
        var root = Tree(files);
        var next = 2u;
        Allocate(root, geometry, table, ref next);

        WriteFolder(output, start, root, geometry);
        WriteTables(output, start, geometry, table);
        WriteBoot(output, start, geometry, geometry.Clusters - (next - 2), next);
        var end = start + ((long)geometry.Sectors * FatGeometry.Sector);
        if (output.Length < end)
            output.SetLength(end);
        output.Position = end;
    }

    private static FatFolder Tree(IReadOnlyList<LabFile> files)
    {
        var root = new FatFolder(null);
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

    private static void Allocate(FatFolder folder, FatGeometry geometry, uint[] table, ref uint next)
    {
        if (geometry.Fat32 || folder.Parent is not null)
            folder.Cluster = Take(folder.Size, geometry, table, ref next);
        foreach (var file in folder.Files)
            folder.FileClusters[file] = file.Length == 0 ? 0 : Take(file.Length, geometry, table, ref next);
        foreach (var child in folder.Folders)
            Allocate(child, geometry, table, ref next);
    }

    private static uint Take(long bytes, FatGeometry geometry, uint[] table, ref uint next)
    {
        var first = next;
        var count = (bytes + geometry.ClusterSize - 1) / geometry.ClusterSize;
        if (next + count > table.Length)
            throw new IOException("The files do not fit into the file system.");
        for (var i = 0; i < count; i++, next++)
            table[next] = i == count - 1 ? 0x0FFFFFFF : next + 1;
        return first;
    }

    private static void WriteFolder(Stream output, long start, FatFolder folder, FatGeometry geometry)
    {
        var isRoot = folder.Parent is null;
        output.Position = start + (isRoot && !geometry.Fat32 ? geometry.RootOffset : geometry.OffsetOf(folder.Cluster));
        output.Write(folder.Bytes(isRoot ? Label : null));
        foreach (var file in folder.Files.Where(f => f.Length > 0))
        {
            output.Position = start + geometry.OffsetOf(folder.FileClusters[file]);
            file.CopyTo(output);
        }

        foreach (var child in folder.Folders)
            WriteFolder(output, start, child, geometry);
    }

    private static void WriteTables(Stream output, long start, FatGeometry geometry, uint[] table)
    {
        var bytes = new byte[geometry.FatSectors * FatGeometry.Sector];
        for (var i = 0; i < table.Length; i++)
        {
            if (geometry.Fat32)
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * i), table[i]);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), (ushort)table[i]);
        }

        output.Position = start + ((long)geometry.Reserved * FatGeometry.Sector);
        output.Write(bytes);
        output.Write(bytes);
    }

    private static void WriteBoot(Stream output, long start, FatGeometry geometry, uint free, uint next)
    {
        var boot = geometry.BootSector(Label);
        output.Position = start;
        output.Write(boot);
        if (!geometry.Fat32)
            return;
        var info = new byte[FatGeometry.Sector];
        "RRaA"u8.CopyTo(info);
        "rrAa"u8.CopyTo(info.AsSpan(484));
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(488), free);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(492), next);
        info[510] = 0x55;
        info[511] = 0xAA;
        output.Write(info);
        output.Position = start + (6 * FatGeometry.Sector);
        output.Write(boot);
        output.Write(info);
    }
}
