using System.Text;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Pe;

namespace TalosTailscale.Core.Boot;

/// <summary>Reads of a file of <c>\EFI\Linux</c> what systemd-boot reads of it.</summary>
public static class BootFileReader
{
    private const int MaxText = 64 * 1024;

    /// <summary>Reads one file. A file that is not a PE, or has no os-release, comes back without one.</summary>
    /// <param name="name">The file's name in its own case, without a path.</param>
    /// <param name="stream">The file, seekable.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The file for <see cref="BootPredictor"/>.</returns>
    public static async Task<BootFile> ReadAsync(string name, Stream stream, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(stream);
        var file = new BootFile { Name = name };
        if (BootEntries.HiddenBy(file) is not null)
            return file;
        try
        {
            var reader = new RandomReader(stream, name);
            PeImage image = await PeImage.ReadAsync(reader, cancellationToken).ConfigureAwait(false);
            string? osRelease = null;
            var profiles = new List<string>();
            foreach (PeSection section in image.Sections)
            {
                bool profile = section.Name == ".profile";

                // The base profile ends where the first .profile begins; what comes after belongs to that profile.
                bool baseOs = section.Name == ".osrel" && osRelease is null && profiles.Count == 0;
                if ((!profile && !baseOs) || section.ContentLength > MaxText)
                    continue;
                byte[] bytes = await reader
                    .ReadAsync(section.RawOffset, (int)section.ContentLength, section.Name, cancellationToken)
                    .ConfigureAwait(false);
                string text = Encoding.UTF8.GetString(bytes);
                if (profile)
                    profiles.Add(text);
                else
                    osRelease = text;
            }

            return file with
            {
                OsRelease = osRelease,
                Profiles = profiles,
            };
        }
        catch (TsException exception)
            when (exception.Error == ImageErrors.ImageTruncated || exception.Error == ImageErrors.PeMalformed)
        {
            return file;
        }
    }

    /// <summary>Reads all files of a folder that stands for <c>\EFI\Linux</c>.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The files for <see cref="BootPredictor"/>.</returns>
    public static async Task<IReadOnlyList<BootFile>> ReadFolderAsync(
        string folder,
        CancellationToken cancellationToken
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var files = new List<BootFile>();
        if (!Directory.Exists(folder))
            return files;
        foreach (string path in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (Directory.Exists(path))
            {
                files.Add(new BootFile { Name = name, IsDirectory = true });
                continue;
            }

            var stream = new FileStream(
                path,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                4096,
                FileOptions.Asynchronous
            );
            await using (stream.ConfigureAwait(false))
                files.Add(await ReadAsync(name, stream, cancellationToken).ConfigureAwait(false));
        }

        return files;
    }
}
