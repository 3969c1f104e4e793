using System.Buffers.Binary;
using System.IO.Compression;
using TalosTailscale.Core.Images.Compression;

namespace TalosTailscale.Core.Images;

/// <summary>Opens a file for reading here and there in it, through its compression where it has one.</summary>
internal static class ImageStream
{
    public static async Task<Stream> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var file = Open(path);
        try
        {
            return await DecompressAsync(file, path, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The content of a compressed stream as a seekable one that owns it; the stream itself where it is not compressed.</summary>
    public static async Task<Stream> DecompressAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        var reader = new RandomReader(stream, name);
        if (reader.Length < 8)
            return stream;
        var head = await reader.ReadAsync(0, 8, "a file header", cancellationToken).ConfigureAwait(false);
        stream.Position = 0;
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(head);
        var budget = ByteBudget.ForDisk(reader.Length);
        if (ZstdFrame.IsFrame(magic) || ZstdFrame.IsSkippable(magic))
            return new ReplayStream(stream, name, ZstdFrame.Open, budget);
        if (head.AsSpan().StartsWith(XzIndex.Magic))
        {
            var parts = await XzIndex.ReadAsync(reader, 0, cancellationToken).ConfigureAwait(false);
            return new XzStream(reader, parts, budget, stream);
        }

        return head is [0x1F, 0x8B, 8, ..]
            ? new ReplayStream(
                stream,
                name,
                s => new GZipStream(s, CompressionMode.Decompress, leaveOpen: true),
                budget
            )
            : stream;
    }

    private static FileStream Open(string path)
    {
        try
        {
            // No buffer: readers read either little in one piece or much in large ones.
            return new FileStream(
                path,
                new FileStreamOptions
                {
                    Mode = FileMode.Open,
                    Access = FileAccess.Read,
                    Share = FileShare.ReadWrite | FileShare.Delete,
                    BufferSize = 0,
                    Options = FileOptions.Asynchronous,
                }
            );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ImageErrors.ImageNotFound.New($"'{path}' does not exist.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ImageUnreadable.New($"'{path}' cannot be opened: {e.Message}", path, e);
        }
    }
}
