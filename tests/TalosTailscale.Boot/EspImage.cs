using System.Security.Cryptography;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Fat;

namespace TalosTailscale.Boot;

/// <summary>Looks at EFI/Linux of a FAT image: which names hold which content.</summary>
internal static class EspImage
{
    /// <summary>The name under which a folder with a broken chain is listed.</summary>
    public const string Folder = "EFI/Linux";

    /// <summary>Name → label of its content: a known one, <c>other</c>, or <c>broken</c> where the chain does not hold.</summary>
    public static async Task<SortedDictionary<string, string>> ReadAsync(
        byte[] disk,
        IReadOnlyDictionary<string, string> labels
    )
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        using var stream = new MemoryStream(disk, writable: false);
        FatVolume volume = await FatVolume.TryOpenAsync(new RandomReader(stream, "disk"), 0, ct)
            ?? throw new InvalidOperationException("There is no FAT file system.");
        var names = new SortedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            await ReadFolderAsync(volume, disk, labels, names, ct);
        }
        catch (TsException)
        {
            // The folder itself has a broken chain.
            names[Folder] = "broken";
        }

        return names;
    }

    private static async Task ReadFolderAsync(
        FatVolume volume,
        byte[] disk,
        IReadOnlyDictionary<string, string> labels,
        SortedDictionary<string, string> names,
        CancellationToken ct
    )
    {
        TreeEntry? folder = null;
        foreach (string part in (string[])["EFI", "Linux"])
            folder = (await volume.ReadFolderAsync(folder, ct)).Single(e =>
                e.Name.Equals(part, StringComparison.OrdinalIgnoreCase)
            );
        foreach (TreeEntry entry in await volume.ReadFolderAsync(folder, ct))
        {
            try
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                foreach (Extent run in await volume.FindContentAsync(entry, ct))
                    hash.AppendData(disk, (int)run.Offset, (int)run.Length);
                names[entry.Name] = labels.GetValueOrDefault(Convert.ToHexStringLower(hash.GetHashAndReset()), "other");
            }
            catch (TsException)
            {
                names[entry.Name] = "broken";
            }
        }
    }
}
