namespace TalosTailscale.Core.Inventory;

/// <summary>
/// A folder beside a file that is about to be replaced, in which the new content is written. It holds an ignore file of its
/// own before anything else, so that after a kill at any moment git takes nothing of it, whatever other rules say. The next
/// one to be made removes what a kill left.
/// </summary>
public sealed class StagingFolder : IDisposable
{
    private const string Prefix = ".talostailscale-";
    private const string IgnoreFile = ".gitignore";
    private const int Attempts = 10;

    // Open, and so locked, as long as its maker lives.
    private readonly FileStream _lock;

    private StagingFolder(string path, FileStream held) => (Path, _lock) = (path, held);

    /// <summary>The folder, absolute.</summary>
    public string Path { get; }

    /// <summary>Makes one.</summary>
    /// <param name="folder">The folder of the file; made when it is not there.</param>
    /// <returns>A folder that only its owner can enter.</returns>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static StagingFolder In(string folder)
    {
        Directory.CreateDirectory(folder);
        RemoveAbandoned(folder);
        for (int attempt = 1; ; attempt++)
        {
            string path = System.IO.Path.Combine(folder, Prefix + System.IO.Path.GetRandomFileName());
            try
            {
                return Make(path);
            }
            catch (IOException) when (attempt < Attempts)
            {
                // Between its making and its lock, another run took it for abandoned.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The ignore file last: until then git has to see it.
        foreach (string file in Directory.EnumerateFiles(Path))
            if (System.IO.Path.GetFileName(file) != IgnoreFile)
                File.Delete(file);
        // Deleted while it is locked, so that nobody gets the lock of what is about to go; Windows deletes nothing locked,
        // and lets nobody have it either.
        if (OperatingSystem.IsWindows())
            _lock.Dispose();
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It holds nothing any more, and another run removes it as abandoned.
        }

        _lock.Dispose();
    }

    private static StagingFolder Make(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FileStream held = Lock(path, FileMode.CreateNew);
        if (!File.Exists(held.Name))
        {
            held.Dispose();
            throw new IOException($"'{path}' was removed while it was made.");
        }

        held.Write("*\n"u8);
        held.Flush(flushToDisk: true);
        return new StagingFolder(path, held);
    }

    private static void RemoveAbandoned(string folder)
    {
        foreach (string path in Directory.EnumerateDirectories(folder, Prefix + "*"))
        {
            try
            {
                new StagingFolder(path, Lock(path, FileMode.Open)).Dispose();
            }
            catch (FileNotFoundException)
            {
                RemoveEmpty(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody writes in it at this moment.
            }
        }
    }

    // Killed before the ignore file was there; who makes one at this moment needs it for an instant only.
    private static void RemoveEmpty(string path)
    {
        if (DateTime.UtcNow - Directory.GetLastWriteTimeUtc(path) < TimeSpan.FromMinutes(1))
            return;
        try
        {
            Directory.Delete(path);
        }
        catch (IOException)
        {
            // It is not empty, so it is not ours.
        }
    }

    private static FileStream Lock(string path, FileMode mode) =>
        new(System.IO.Path.Combine(path, IgnoreFile), mode, FileAccess.ReadWrite, FileShare.None);
}
