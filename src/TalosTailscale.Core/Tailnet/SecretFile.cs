using System.Text;

namespace TalosTailscale.Core.Tailnet;

/// <summary>Writes a file that holds a secret: readable by its owner alone from its first byte, replaced atomically.</summary>
public static class SecretFile
{
    /// <summary>Writes it. The folder is made when it is not there; on Windows the file has the folder's access list.</summary>
    /// <param name="path">The file, absolute.</param>
    /// <param name="text">Its content; written as UTF-8 without a mark.</param>
    /// <param name="cancellationToken">Stops it; then nothing is left behind.</param>
    /// <returns>The work.</returns>
    /// <exception cref="TsException">RenderedFileNotWritten.</exception>
    public static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Options = FileOptions.Asynchronous,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var stream = new FileStream(temporary, options);
            await using (stream.ConfigureAwait(false))
            {
                await stream
                    .WriteAsync(new UTF8Encoding(false).GetBytes(text), cancellationToken)
                    .ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TailnetErrors.RenderedFileNotWritten.New($"'{path}' could not be written: {e.Message}", path, e);
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }
}
