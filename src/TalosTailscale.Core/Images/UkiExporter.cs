using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images;

/// <summary>Takes a UKI out of whatever holds it; on request rebuilt for an installed system.</summary>
public static class UkiExporter
{
    /// <summary>Writes the UKI to a file, which is there in whole or not at all.</summary>
    /// <param name="source">The UKI.</param>
    /// <param name="path">The file to write, absolute; its folder must exist.</param>
    /// <param name="forInstalledSystem">
    /// Rebuild an installer's UKI: main entry only, no halt flag, no signatures. The result is unsigned.
    /// </param>
    /// <param name="overwrite">Replace a file that is there.</param>
    /// <param name="reporter">Where to tell progress.</param>
    /// <param name="cancellationToken">Stops the copying; nothing is left behind.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="TsException">
    /// <see cref="ImageErrors.ExportTargetExists"/>, <see cref="ImageErrors.UkiNothingToChange"/>,
    /// <see cref="ImageErrors.ExportFailed"/>, or the image is malformed.
    /// </exception>
    public static async Task<UkiExport> ExportAsync(
        UkiLocation source,
        string path,
        bool forInstalledSystem,
        bool overwrite,
        IReporter reporter,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!overwrite && File.Exists(path))
            throw Exists(path, null);
        var temporary = Path.Combine(
            Path.GetDirectoryName(Path.GetFullPath(path))!,
            $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}"
        );
        try
        {
            UkiExport export;
            var target = Create(temporary, path);
            await using (target.ConfigureAwait(false))
            {
                export = await ExportAsync(source, target, forInstalledSystem, reporter, cancellationToken)
                    .ConfigureAwait(false);
            }

            Move(temporary, path, overwrite);
            return export with { Path = path, Name = Path.GetFileName(path) };
        }
        finally
        {
            // Does nothing once the file has its name.
            File.Delete(temporary);
        }
    }

    /// <summary>Writes the UKI to a stream, which stays open.</summary>
    /// <param name="source">The UKI.</param>
    /// <param name="target">Where to write; need not be seekable.</param>
    /// <param name="forInstalledSystem">Rebuild an installer's UKI.</param>
    /// <param name="reporter">Where to tell progress.</param>
    /// <param name="cancellationToken">Stops the copying.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="TsException">As for a file.</exception>
    public static async Task<UkiExport> ExportAsync(
        UkiLocation source,
        Stream target,
        bool forInstalledSystem,
        IReporter reporter,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(reporter);
        var stream = await source.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            // Not for the result alone: what is cut off or no UKI must not be written at all.
            var options = new UkiReadOptions
            {
                Path = source.Path,
                Location = source.Location,
                Container = source.Container,
                Hash = false,
                Extensions = false,
            };
            var info = await UkiReader.ReadAsync(stream, options, cancellationToken).ConfigureAwait(false);
            var rebuilt = forInstalledSystem
                ? await UkiRebuilder.RebuildAsync(stream, source.ToString(), cancellationToken).ConfigureAwait(false)
                : null;
            var content = rebuilt?.Content ?? stream;
            var hash = await HashingCopy
                .CopyAsync(content, target, source.ToString(), reporter, cancellationToken)
                .ConfigureAwait(false);
            reporter.Verbose($"Copied {content.Length} bytes of '{source}', SHA-256 {hash}.");
            return new UkiExport
            {
                Name = source.Name,
                Source = source.Path,
                SourceLocation = source.Location,
                Size = content.Length,
                Sha256 = hash,
                Signed = rebuilt is null && info.Signed,
                Rebuilt = rebuilt is not null,
                Removed = rebuilt?.Removed ?? [],
            };
        }
    }

    private static FileStream Create(string temporary, string path)
    {
        try
        {
            return new FileStream(
                temporary,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    Share = FileShare.None,
                    BufferSize = 0,
                    Options = FileOptions.Asynchronous,
                }
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ExportFailed.New($"'{path}' cannot be written: {e.Message}", path, e);
        }
    }

    private static void Move(string temporary, string path, bool overwrite)
    {
        try
        {
            File.Move(temporary, path, overwrite);
        }
        catch (IOException e) when (!overwrite && File.Exists(path))
        {
            throw Exists(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ExportFailed.New($"'{path}' cannot be written: {e.Message}", path, e);
        }
    }

    private static TsException Exists(string path, Exception? inner) =>
        ImageErrors.ExportTargetExists.New($"'{path}' exists already and is not replaced.", path, inner);
}
