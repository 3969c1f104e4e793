using System.IO.Compression;
using TalosTailscale.Core.Images.Compression;
using ZstdSharp;

namespace TalosTailscale.Core.Images.Initrd;

/// <summary>The decompressed bytes of consecutive pieces of an initrd, as the kernel sees them: one archive may span several.</summary>
internal sealed class SpanDecoder(RandomReader initrd, IReadOnlyList<InitrdSpan> spans, int first, ByteBudget budget)
    : Stream
{
    private Stream? _decoder;

    /// <summary>Index of the piece that the last byte came from.</summary>
    public int Current { get; private set; } = first;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty && Current < spans.Count)
        {
            _decoder ??= Open(spans[Current]);
            var read = await DecodeAsync(_decoder, buffer, cancellationToken).ConfigureAwait(false);
            if (read > 0)
                return read;
            await _decoder.DisposeAsync().ConfigureAwait(false);
            _decoder = null;
            Current++;
        }

        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _decoder?.Dispose();
        _decoder = null;
        base.Dispose(disposing);
    }

    private Stream Open(InitrdSpan span)
    {
        if (span.Xz is { } xz)
            return new XzStream(initrd, [xz], budget);
        var piece = initrd.Slice(span.Extent.Offset, span.Extent.Length, "a piece of the initrd");
        return span.Compression switch
        {
            InitrdCompression.None => piece,
            InitrdCompression.Zstd => ZstdFrame.Open(piece),
            _ => new GZipStream(piece, CompressionMode.Decompress),
        };
    }

    private async ValueTask<int> DecodeAsync(Stream decoder, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await decoder.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ZstdException or InvalidDataException or EndOfStreamException)
        {
            throw ImageErrors.CompressedDataMalformed.New(
                $"'{initrd.Name}' cannot be decompressed at offset {spans[Current].Extent.Offset}: {e.Message}",
                initrd.Name,
                e
            );
        }
    }
}
