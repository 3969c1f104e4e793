using System.Text;

namespace TalosTailscale.Core.Reporting.Export;

/// <summary>Writes reports.</summary>
public static class ReportWriter
{
    /// <summary>The form that the extension of a file stands for.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The form; null for an extension that stands for none.</returns>
    public static ReportFormat? FormatOf(string path) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".html" or ".htm" => ReportFormat.Html,
            ".json" => ReportFormat.Json,
            ".xml" => ReportFormat.JUnit,
            _ => null,
        };

    /// <summary>Writes a report to a file, which is whole or not there at all; UTF-8 without a mark.</summary>
    /// <param name="content">What goes in.</param>
    /// <param name="format">The form.</param>
    /// <param name="path">The file, absolute; one that is there is replaced.</param>
    /// <param name="cancellationToken">Stops it; then nothing is left behind.</param>
    /// <returns>The work.</returns>
    /// <exception cref="TsException">ReportNotWritten.</exception>
    public static async Task WriteAsync(
        ReportContent content,
        ReportFormat format,
        string path,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var stream = new FileStream(
                temporary,
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                1 << 16,
                useAsync: true
            );
            await using (stream.ConfigureAwait(false))
            {
                await WriteAsync(content, format, stream, cancellationToken).ConfigureAwait(false);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ReportErrors.ReportNotWritten.New($"'{path}' could not be written: {e.Message}", path, e);
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }

    /// <summary>Writes a report to a stream, which stays open.</summary>
    /// <param name="content">What goes in.</param>
    /// <param name="format">The form.</param>
    /// <param name="stream">Where to.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The work.</returns>
    public static async Task WriteAsync(
        ReportContent content,
        ReportFormat format,
        Stream stream,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(stream);
        if (format == ReportFormat.Json)
        {
            await JsonReport.WriteAsync(content, stream, cancellationToken).ConfigureAwait(false);
            return;
        }

        var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        await using (writer.ConfigureAwait(false))
        {
            if (format == ReportFormat.Html)
                new HtmlReport(content, writer).Write();
            else
                JUnitReport.Write(content, writer);
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
