namespace TalosTailscale.Core.Inventory;

/// <summary>The files in which an address may be written, and what kind of place each is.</summary>
public static class TextFiles
{
    // Not the user's own texts.
    private static readonly string[] s_skipped = [".git", ".hg", ".svn", "node_modules", ".terraform"];

    private static readonly string[] s_data =
    [
        ".yaml",
        ".yml",
        ".json",
        ".jsonc",
        ".toml",
        ".hcl",
        ".tf",
        ".tfvars",
        ".tpl",
        ".env",
    ];

    private static readonly string[] s_texts = [".md", ".markdown", ".txt", ".adoc", ".rst", ".org", ".html"];

    /// <summary>Every file below folders, and files given themselves; links and version control are left out.</summary>
    /// <param name="roots">Files and folders.</param>
    /// <returns>Absolute paths, each once.</returns>
    public static IReadOnlyList<string> Below(IEnumerable<string> roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string root in roots)
        {
            string full = Path.GetFullPath(root);
            if (File.Exists(full))
                found.Add(full);
            else
                Walk(full, found);
        }

        return [.. found];
    }

    /// <summary>The kind of place that a file is.</summary>
    /// <param name="path">The file.</param>
    /// <returns>One kind.</returns>
    public static TsAddressPlace KindOf(string path)
    {
        string name = Path.GetFileName(path);
        string extension = Path.GetExtension(name).ToLowerInvariant();
        if (name == NodeFile.FileName)
            return TsAddressPlace.NodeFile;
        if (extension is ".cfg" or ".conf" && path.Contains("haproxy", StringComparison.OrdinalIgnoreCase))
            return TsAddressPlace.Haproxy;
        if (s_data.Contains(extension))
            return TsAddressPlace.Manifest;
        return s_texts.Contains(extension) || extension.Length == 0 && name.All(char.IsUpper)
            ? TsAddressPlace.Documentation
            : TsAddressPlace.OtherFile;
    }

    private static void Walk(string folder, SortedSet<string> found)
    {
        try
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                if (entry.LinkTarget is not null)
                    continue;
                if (entry is FileInfo)
                    found.Add(entry.FullName);
                else if (!s_skipped.Contains(entry.Name, StringComparer.Ordinal))
                    Walk(entry.FullName, found);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InventoryErrors.InventoryUnreadable.New($"'{folder}' could not be listed: {e.Message}", folder, e);
        }
    }
}
