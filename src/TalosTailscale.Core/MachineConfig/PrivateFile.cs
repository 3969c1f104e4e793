using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// Files that hold secrets: only their owner may read them, from the first byte on, and at every moment there is under their
/// name the old content or the new one. What a kill leaves is in a <see cref="StagingFolder"/>, which git ignores.
/// </summary>
public static class PrivateFile
{
    /// <summary>Creates a file; fails when it is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="cancellation">Stops writing; there is no file then.</param>
    /// <returns>When it is on disk.</returns>
    /// <exception cref="IOException">It exists, or cannot be written.</exception>
    public static Task CreateAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) =>
        WriteAsync(path, bytes, overwrite: false, cancellation);

    /// <summary>Writes a file, whether it is there or not. The folder is made when it is not there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="cancellation">Stops writing; the old content stays then.</param>
    /// <returns>When it is on disk.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static Task ReplaceAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) =>
        WriteAsync(path, bytes, overwrite: true, cancellation);

    private static async Task WriteAsync(
        string path,
        ReadOnlyMemory<byte> bytes,
        bool overwrite,
        CancellationToken cancellation
    )
    {
        string target = Path.GetFullPath(path);
        using var staging = StagingFolder.In(Path.GetDirectoryName(target)!);
        string temporary = Path.Combine(staging.Path, Path.GetFileName(target));
        await WriteNewAsync(temporary, bytes, cancellation).ConfigureAwait(false);
        File.Move(temporary, target, overwrite);
    }

    private static async Task WriteNewAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
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
