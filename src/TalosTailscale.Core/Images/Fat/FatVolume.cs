using System.Buffers.Binary;

namespace TalosTailscale.Core.Images.Fat;

/// <summary>
/// A FAT12, FAT16 or FAT32 file system, read only, with long names. Loads neither the table nor a file; chains come
/// from the table page by page.
/// </summary>
internal sealed class FatVolume : IFileTree
{
    private const int MaxFolder = 2 * 1024 * 1024; // 65536 slots, the limit of the format.
    private const int MaxExtents = 1_000_000;

    private readonly RandomReader _file;
    private readonly long _start;
    private readonly byte[] _page = new byte[4096 + 4];
    private long _pageAt = -1;

    private FatVolume(RandomReader file, long start, FatGeometry geometry)
    {
        _file = file;
        _start = start;
        Geometry = geometry;
    }

    public FatGeometry Geometry { get; }

    /// <summary>Opens the file system that starts at an offset; null where there is none.</summary>
    public static async Task<FatVolume?> TryOpenAsync(
        RandomReader file,
        long start,
        CancellationToken cancellationToken
    )
    {
        if (!file.Holds(start, 512))
            return null;
        var boot = await file.ReadAsync(start, 512, "a boot sector", cancellationToken).ConfigureAwait(false);
        return FatGeometry.TryParse(boot) is { } geometry ? new FatVolume(file, start, geometry) : null;
    }

    /// <summary>The label in the root folder, else that of the boot sector.</summary>
    public async Task<string> ReadLabelAsync(CancellationToken cancellationToken)
    {
        var slots = await ReadSlotsAsync(null, cancellationToken).ConfigureAwait(false);
        return FatSlots.FindLabel(slots) ?? Geometry.Label;
    }

    public async Task<IReadOnlyList<TreeEntry>> ReadFolderAsync(TreeEntry? folder, CancellationToken cancellationToken)
    {
        var slots = await ReadSlotsAsync((FatEntry?)folder, cancellationToken).ConfigureAwait(false);
        return FatSlots.Parse(slots, Geometry.Bits);
    }

    public async Task<IReadOnlyList<Extent>> FindContentAsync(TreeEntry file, CancellationToken cancellationToken)
    {
        var entry = (FatEntry)file;
        if (entry.Size == 0)
            return [];
        var clusters = (entry.Size + Geometry.ClusterSize - 1) / Geometry.ClusterSize;
        var (extents, count) = await ChainAsync(entry.FirstCluster, clusters, $"file '{entry.Name}'", cancellationToken)
            .ConfigureAwait(false);
        if (count < clusters)
            throw Malformed($"has {count} clusters for the file '{entry.Name}', which needs {clusters}");
        if (extents[^1].End > _file.Length)
        {
            throw ImageErrors.ImageTruncated.New(
                $"'{_file.Name}' ends at byte {_file.Length}, but the file '{entry.Name}' in it ends at {extents[^1].End}.",
                _file.Name
            );
        }

        var slack = (clusters * Geometry.ClusterSize) - entry.Size;
        extents[^1] = extents[^1] with { Length = extents[^1].Length - slack };
        return extents;
    }

    /// <summary>
    /// The clusters of an entry as runs of bytes in the image. Two names whose runs meet share clusters: FAT counts no
    /// links, so deleting one of them breaks the other.
    /// </summary>
    public async Task<IReadOnlyList<Extent>> FindClustersAsync(FatEntry entry, CancellationToken cancellationToken)
    {
        if (entry.FirstCluster == 0)
            return [];
        return (
            await ChainAsync(entry.FirstCluster, Geometry.ClusterCount, $"'{entry.Name}'", cancellationToken)
                .ConfigureAwait(false)
        ).Extents;
    }

    private async Task<byte[]> ReadSlotsAsync(FatEntry? folder, CancellationToken cancellationToken)
    {
        if (folder is null && Geometry.Bits != 32)
        {
            return await _file
                .ReadAsync(_start + Geometry.RootOffset, Geometry.RootLength, "the root folder", cancellationToken)
                .ConfigureAwait(false);
        }

        // ".." of a folder in the root has cluster 0; nobody asks for it here.
        var name = folder is null ? "the root folder" : $"folder '{folder.Name}'";
        var first = folder?.FirstCluster ?? Geometry.RootCluster;
        var limit = Math.Max(1, MaxFolder / Geometry.ClusterSize);
        var (extents, _) = await ChainAsync(first, limit + 1, name, cancellationToken).ConfigureAwait(false);
        var length = extents.Sum(e => e.Length);
        if (length > Math.Max(MaxFolder, Geometry.ClusterSize))
            throw Malformed($"has {name} of over {MaxFolder} bytes");
        var slots = new byte[length];
        var at = 0;
        foreach (var extent in extents)
        {
            await _file
                .ReadAsync(extent.Offset, slots.AsMemory(at, (int)extent.Length), name, cancellationToken)
                .ConfigureAwait(false);
            at += (int)extent.Length;
        }

        return slots;
    }

    /// <summary>How many slots of a folder are free one after the other, run by run: a name takes one run as it is.</summary>
    public async Task<IReadOnlyList<int>> FindFreeSlotsAsync(TreeEntry folder, CancellationToken cancellationToken) =>
        FatSlots.FreeRuns(await ReadSlotsAsync((FatEntry)folder, cancellationToken).ConfigureAwait(false));

    // Follows a chain for at most that many clusters; a circle therefore ends.
    private async Task<(List<Extent> Extents, long Count)> ChainAsync(
        uint first,
        long limit,
        string what,
        CancellationToken cancellationToken
    )
    {
        var extents = new List<Extent>();
        var count = 0L;
        for (var cluster = first; count < limit && !IsEnd(cluster); )
        {
            if (!Geometry.IsCluster(cluster))
                throw Malformed($"has the cluster {cluster} in the chain of {what}");
            var offset = _start + Geometry.OffsetOf(cluster);
            if (extents.Count > 0 && extents[^1].End == offset)
                extents[^1] = extents[^1] with { Length = extents[^1].Length + Geometry.ClusterSize };
            else if (extents.Count < MaxExtents)
                extents.Add(new Extent(offset, Geometry.ClusterSize));
            else
                throw Malformed($"has {what} in over {MaxExtents} pieces");
            count++;
            if (count < limit)
                cluster = await NextAsync(cluster, cancellationToken).ConfigureAwait(false);
        }

        return (extents, count);
    }

    private bool IsEnd(uint cluster) =>
        cluster
        >= Geometry.Bits switch
        {
            12 => 0xFF8u,
            16 => 0xFFF8u,
            _ => 0x0FFFFFF8u,
        };

    private async ValueTask<uint> NextAsync(uint cluster, CancellationToken cancellationToken)
    {
        var at = Geometry.Bits == 12 ? cluster + (cluster / 2) : (long)cluster * Geometry.Bits / 8;
        var page = at & ~4095L;
        if (page != _pageAt)
        {
            // An entry of 12 bits may go over the end of a page; the table is larger than that by construction.
            var length = (int)Math.Min(_page.Length, Geometry.TableLength - page);
            _pageAt = -1;
            await _file
                .ReadAsync(
                    _start + Geometry.TableOffset + page,
                    _page.AsMemory(0, length),
                    "the allocation table",
                    cancellationToken
                )
                .ConfigureAwait(false);
            _pageAt = page;
        }

        var value = _page.AsSpan((int)(at - page));
        return Geometry.Bits switch
        {
            12 when (cluster & 1) != 0 => (uint)BinaryPrimitives.ReadUInt16LittleEndian(value) >> 4,
            12 => BinaryPrimitives.ReadUInt16LittleEndian(value) & 0xFFFu,
            16 => BinaryPrimitives.ReadUInt16LittleEndian(value),
            _ => BinaryPrimitives.ReadUInt32LittleEndian(value) & 0x0FFFFFFF,
        };
    }

    private TsException Malformed(string what) =>
        ImageErrors.FatMalformed.New($"'{_file.Name}' is not a well-formed FAT file system: it {what}.", _file.Name);
}
