using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Fat;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>
/// Room for names in <c>EFI/Linux</c>. A folder that has to grow gets another cluster, and nothing orders the two writes
/// to the FAT that add it (Linux, fs/fat/misc.c, <c>fat_chain_add</c>): after a power cut between them the folder breaks
/// off, and firmware lists nothing of it. So a swap only makes names for which there is room.
/// </summary>
/// <param name="FreeRuns">Free slots one after the other, run by run; null on a file system that is no FAT.</param>
internal sealed record FolderRoom(IReadOnlyList<int>? FreeRuns)
{
    /// <summary>No limit: not a FAT.</summary>
    internal static FolderRoom Unlimited { get; } = new((IReadOnlyList<int>?)null);

    /// <summary>Free slots in all.</summary>
    internal int Free => FreeRuns?.Sum() ?? int.MaxValue;

    /// <summary>Slots that names take.</summary>
    internal static int Needed(IEnumerable<string> names) => names.Sum(FatSlots.Needed);

    /// <summary>Whether all the names find a run of free slots, each in the first that is long enough, as Linux puts them.</summary>
    internal bool Fits(IEnumerable<string> names)
    {
        if (FreeRuns is null)
            return true;
        int[] runs = [.. FreeRuns];
        foreach (string name in names)
        {
            int needed = FatSlots.Needed(name);
            int run = Array.FindIndex(runs, length => length >= needed);
            if (run < 0)
                return false;
            runs[run] -= needed;
        }

        return true;
    }

    /// <summary>Reads it from the bytes of the partition; none where the folder is not there or breaks off.</summary>
    internal static async Task<FolderRoom> ReadAsync(Stream device, string name, CancellationToken cancellationToken)
    {
        try
        {
            FatVolume? volume = await FatVolume
                .TryOpenAsync(new RandomReader(device, name), 0, cancellationToken)
                .ConfigureAwait(false);
            if (volume is null)
                return Unlimited;
            TreeEntry? folder = null;
            foreach (string part in EspNames.LinuxFolder.TrimEnd('/').Split('/'))
            {
                IReadOnlyList<TreeEntry> children = await volume
                    .ReadFolderAsync(folder, cancellationToken)
                    .ConfigureAwait(false);
                folder = children.FirstOrDefault(e =>
                    e.IsFolder && e.Name.Equals(part, StringComparison.OrdinalIgnoreCase)
                );
                if (folder is null)
                    return new FolderRoom([]);
            }

            return new FolderRoom(await volume.FindFreeSlotsAsync(folder!, cancellationToken).ConfigureAwait(false));
        }
        catch (TsException exception) when (exception.Error == ImageErrors.FatMalformed)
        {
            return new FolderRoom([]);
        }
    }
}
