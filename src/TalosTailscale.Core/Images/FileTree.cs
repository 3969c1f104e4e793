namespace TalosTailscale.Core.Images;

/// <summary>A file or folder of an image.</summary>
/// <param name="Name">Its name, without the path.</param>
/// <param name="IsFolder">True for a folder.</param>
/// <param name="Size">Length of the content in bytes; 0 for a folder.</param>
internal abstract record TreeEntry(string Name, bool IsFolder, long Size);

/// <summary>
/// The whole of what the module wants from a file system in an image. A library for one of the formats would be put
/// behind this in one file.
/// </summary>
internal interface IFileTree
{
    /// <summary>The entries of a folder, without <c>.</c>, <c>..</c> and links; null means the root.</summary>
    Task<IReadOnlyList<TreeEntry>> ReadFolderAsync(TreeEntry? folder, CancellationToken cancellationToken);

    /// <summary>Where the content of a file lies in the image.</summary>
    Task<IReadOnlyList<Extent>> FindContentAsync(TreeEntry file, CancellationToken cancellationToken);
}

/// <summary>A file with its path.</summary>
internal sealed record TreeFile(string Path, TreeEntry Entry);

/// <summary>Walks through trees, with bounds on depth and number so that a folder inside of itself ends.</summary>
internal static class FileTree
{
    private const int MaxDepth = 32;
    private const int MaxEntries = 100_000;

    /// <summary>Every file, in the order of the tables.</summary>
    public static async Task<IReadOnlyList<TreeFile>> ListAsync(IFileTree tree, CancellationToken cancellationToken)
    {
        var files = new List<TreeFile>();
        var folders = new Stack<(TreeEntry? Folder, string Prefix, int Depth)>([(null, "", 0)]);
        var seen = 0;
        while (folders.TryPop(out var at))
        {
            foreach (var entry in await tree.ReadFolderAsync(at.Folder, cancellationToken).ConfigureAwait(false))
            {
                if (++seen > MaxEntries || at.Depth > MaxDepth)
                    throw TooMany();
                if (entry.IsFolder)
                    folders.Push((entry, $"{at.Prefix}{entry.Name}/", at.Depth + 1));
                else
                    files.Add(new TreeFile(at.Prefix + entry.Name, entry));
            }
        }

        return files;
    }

    /// <summary>The files right in one folder, names compared without regard to case; empty where it is missing.</summary>
    public static async Task<IReadOnlyList<TreeFile>> ListFolderAsync(
        IFileTree tree,
        string path,
        CancellationToken cancellationToken
    )
    {
        TreeEntry? at = null;
        var prefix = "";
        foreach (var part in path.Split('/'))
        {
            var entries = await tree.ReadFolderAsync(at, cancellationToken).ConfigureAwait(false);
            at = entries.FirstOrDefault(e =>
                e.IsFolder && string.Equals(e.Name, part, StringComparison.OrdinalIgnoreCase)
            );
            if (at is null)
                return [];
            prefix += at.Name + "/";
        }

        var content = await tree.ReadFolderAsync(at, cancellationToken).ConfigureAwait(false);
        return [.. content.Where(e => !e.IsFolder).Select(e => new TreeFile(prefix + e.Name, e))];
    }

    private static TsException TooMany() =>
        ImageErrors.FileSystemMalformed.New(
            $"An image has more than {MaxEntries} files or folders deeper than {MaxDepth}: its folders go in a circle."
        );
}
