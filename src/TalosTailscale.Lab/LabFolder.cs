namespace TalosTailscale.Lab;

/// <summary>
/// The temporary folders of labs. Each holds a file that its lab keeps open, so that a later lab can tell which folders
/// belong to one that was killed, and removes those.
/// </summary>
internal static class LabFolder
{
    private const string Prefix = "talostailscale-lab-";
    private const string LockName = ".in-use";

    // A lab is younger than this between making its folder and locking it.
    private static readonly TimeSpan s_young = TimeSpan.FromMinutes(10);
    private static int s_swept;

    internal static string Create(out FileStream inUse)
    {
        if (Interlocked.Exchange(ref s_swept, 1) == 0)
            Sweep(Path.GetTempPath(), DateTime.UtcNow);
        var folder = Directory.CreateTempSubdirectory(Prefix).FullName;
        inUse = Lock(folder, FileMode.CreateNew);
        return folder;
    }

    /// <summary>Ends the use of a folder. One that is kept loses its mark, so that no later lab takes it for a dead one's.</summary>
    internal static void Release(string folder, FileStream? inUse, bool keep)
    {
        inUse?.Dispose();
        if (keep)
            File.Delete(Path.Combine(folder, LockName));
        else
            Remove(folder);
    }

    /// <summary>Removes a folder; what a container of the lab still writes there is tried again.</summary>
    private static void Remove(string folder)
    {
        for (var attempt = 1; Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (attempt < 5 && e is (IOException or UnauthorizedAccessException))
            {
                Thread.Sleep(20 * attempt);
            }
        }
    }

    /// <summary>Removes the folders of labs that ended without doing so.</summary>
    internal static void Sweep(string parent, DateTime now)
    {
        foreach (var folder in Directory.EnumerateDirectories(parent, Prefix + "*"))
        {
            try
            {
                if (now - Directory.GetCreationTimeUtc(folder) < s_young)
                    continue;
                Lock(folder, FileMode.Open).Dispose();
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In use, of another user, kept on purpose, or just removed by another lab.
                _ = e;
            }
        }
    }

    private static FileStream Lock(string folder, FileMode mode) =>
        new(Path.Combine(folder, LockName), mode, FileAccess.ReadWrite, FileShare.None);
}
