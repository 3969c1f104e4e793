namespace TalosTailscale.Core.Inventory;

/// <summary>Puts new content in the place of a file: at every moment the old or the new one is there, with the same permissions.</summary>
public static class FileReplacement
{
    /// <summary>Replaces the content.</summary>
    /// <param name="path">The file; where it is a link, what it points to.</param>
    /// <param name="before">What it held when the change was worked out.</param>
    /// <param name="after">What it is to hold.</param>
    /// <param name="check">Looks at the new content, in a file beside the old one, before it takes its place; null for no look.</param>
    /// <param name="cancellation">Stops; the old content stays then.</param>
    /// <returns>When it is on disk.</returns>
    /// <exception cref="TsException">
    /// <see cref="InventoryErrors.FileChangedMeanwhile"/>, <see cref="InventoryErrors.FileNotReplaced"/>, or what the check throws.
    /// </exception>
    public static async Task ReplaceAsync(
        string path,
        ReadOnlyMemory<byte> before,
        ReadOnlyMemory<byte> after,
        Func<string, Task>? check,
        CancellationToken cancellation
    )
    {
        try
        {
            string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

            // A talosconfig holds a key. The name keeps its ending: haproxy looks at it.
            using var staging = StagingFolder.In(Path.GetDirectoryName(target)!);
            string temporary = Path.Combine(staging.Path, Path.GetFileName(target));
            await WriteAsync(temporary, after, cancellation).ConfigureAwait(false);
            if (check is not null)
                await check(temporary).ConfigureAwait(false);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
            byte[] now = await File.ReadAllBytesAsync(target, cancellation).ConfigureAwait(false);
            if (!now.AsSpan().SequenceEqual(before.Span))
                throw InventoryErrors.FileChangedMeanwhile.New(
                    $"'{path}' was changed by somebody else meanwhile; it is left alone.",
                    path
                );

            // On Windows only File.Replace keeps the access list of the old file.
            if (OperatingSystem.IsWindows())
                File.Replace(temporary, target, null);
            else
                File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InventoryErrors.FileNotReplaced.New($"'{path}' could not be replaced: {e.Message}", path, e);
        }
    }

    // Nobody else may read it until it has the permissions of the file whose place it takes.
    private static async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var stream = new FileStream(path, options);
        await using (stream.ConfigureAwait(false))
        {
            await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
        }
    }
}
