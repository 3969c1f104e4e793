using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Fat;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>
/// Finds files whose deletion would harm others. FAT counts no links: when a power cut came between the two writes of an
/// exchange, two names have the same clusters, and deleting one name frees those of the other (Linux,
/// fs/fat/namei_vfat.c, <c>vfat_rename_exchange</c>). A file whose chain is broken must not be deleted either: Linux
/// stops writing to the file system when it meets the break.
/// </summary>
internal static class ClusterGuard
{
    /// <summary>How many blocks of 4096 bytes are fetched at once of a long chain: 64 KiB of FAT are that of 64 MiB.</summary>
    internal const int RunBlocks = 16;

    private const string Everything = "";

    /// <summary>Names in <c>EFI/Linux</c> that must not be deleted, each with the reason, and how many more there may be.</summary>
    internal static async Task<(IReadOnlyDictionary<string, string> Unsafe, FolderRoom Room)> ReadAsync(
        EspVolume volume,
        EspListing listing,
        CancellationToken cancellationToken
    )
    {
        // File systems that count their links cannot get into that state.
        if (!listing.IsFat)
            return (new Dictionary<string, string>(), FolderRoom.Unlimited);
        long length = listing.Total + (64L * 1024 * 1024);
        var device = new NodeBlockStream(length, volume.RawAsync, RunBlocks);
        await using (device.ConfigureAwait(false))
        {
            IReadOnlyDictionary<string, string> found = await FindUnsafeAsync(device, volume.Device, cancellationToken)
                .ConfigureAwait(false);
            FolderRoom room = await FolderRoom
                .ReadAsync(device, volume.Device, cancellationToken)
                .ConfigureAwait(false);
            return found.TryGetValue(Everything, out string? reason)
                ? (
                    listing
                        .Files.Where(f => f.IsInLinux)
                        .ToDictionary(f => f.Name, _ => reason, StringComparer.OrdinalIgnoreCase),
                    room
                )
                : (found, room);
        }
    }

    /// <summary>The same for the bytes of a FAT file system.</summary>
    internal static async Task<IReadOnlyDictionary<string, string>> FindUnsafeAsync(
        Stream device,
        string name,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        FatVolume? volume = await FatVolume
            .TryOpenAsync(new RandomReader(device, name), 0, cancellationToken)
            .ConfigureAwait(false);
        if (volume is null)
            return found;
        var taken = new List<(Extent Run, string Path)>();
        await WalkAsync(volume, null, "", 0, taken, found, cancellationToken).ConfigureAwait(false);
        taken.Sort((a, b) => a.Run.Offset.CompareTo(b.Run.Offset));
        (Extent Run, string Path) widest = default;
        foreach ((Extent Run, string Path) run in taken)
        {
            if (widest.Path is not null && run.Run.Offset < widest.Run.End)
            {
                Note(found, widest.Path, $"has clusters in common with '{run.Path}'");
                Note(found, run.Path, $"has clusters in common with '{widest.Path}'");
            }

            if (widest.Path is null || run.Run.End > widest.Run.End)
                widest = run;
        }

        return found;
    }

    private static async Task WalkAsync(
        FatVolume volume,
        TreeEntry? folder,
        string path,
        int depth,
        List<(Extent Run, string Path)> taken,
        Dictionary<string, string> found,
        CancellationToken cancellationToken
    )
    {
        if (depth > 8)
            return;
        foreach (TreeEntry child in await volume.ReadFolderAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            string childPath = path + child.Name;
            try
            {
                IReadOnlyList<Extent> runs = await volume
                    .FindClustersAsync((FatEntry)child, cancellationToken)
                    .ConfigureAwait(false);
                taken.AddRange(runs.Select(run => (run, childPath)));
                if (!child.IsFolder)
                    await volume.FindContentAsync(child, cancellationToken).ConfigureAwait(false);
            }
            catch (TsException exception) when (exception.Error == ImageErrors.FatMalformed)
            {
                // Behind the break of a folder there may be names that share clusters with those before it.
                if (
                    child.IsFolder
                    && EspNames.LinuxFolder.StartsWith(childPath + "/", StringComparison.OrdinalIgnoreCase)
                )
                    found[Everything] = $"lies in the folder '{childPath}', which has a broken chain of clusters";
                Note(found, childPath, "has a broken chain of clusters");
                continue;
            }

            if (child.IsFolder)
                await WalkAsync(volume, child, childPath + "/", depth + 1, taken, found, cancellationToken)
                    .ConfigureAwait(false);
        }
    }

    private static void Note(Dictionary<string, string> found, string path, string reason)
    {
        if (path.StartsWith(EspNames.LinuxFolder, StringComparison.OrdinalIgnoreCase))
            found.TryAdd(path[EspNames.LinuxFolder.Length..], reason);
    }
}
