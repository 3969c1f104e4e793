namespace TalosTailscale.Core.MachineConfig;

/// <summary>Files that only their owner may read.</summary>
public static class PrivateFile
{
    /// <summary>Creates a file; fails when it is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="cancellation">Stops writing; the file is removed then.</param>
    /// <returns>When it is on disk.</returns>
    /// <exception cref="IOException">It exists, or cannot be written.</exception>
    public static async Task CreateAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
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
        bool written = false;
        try
        {
            await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
            written = true;
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (!written)
                File.Delete(path);
        }
    }

    /// <summary>Writes a file so that at every moment either the old or the new content is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="cancellation">Stops writing; the old content stays then.</param>
    /// <returns>When it is on disk.</returns>
    public static async Task ReplaceAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        string temporary = path + "." + Path.GetRandomFileName();
        await CreateAsync(temporary, bytes, cancellation).ConfigureAwait(false);
        try
        {
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
