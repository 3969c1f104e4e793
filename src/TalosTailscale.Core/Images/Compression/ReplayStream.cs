using ZstdSharp;

namespace TalosTailscale.Core.Images.Compression;

/// <summary>
/// Makes a compression that can only be read forwards seekable: a jump forwards decompresses up to there, a jump
/// backwards starts anew, and the pieces read last are kept. An ESP is at the front of a disk, so this stays cheap.
/// </summary>
internal sealed class ReplayStream(Stream source, string name, Func<Stream, Stream> open, ByteBudget budget)
    : SeekableReadStream
{
    private const int PieceSize = 64 * 1024;
    private const int MaxPieces = 64;

    private readonly Dictionary<long, (byte[] Bytes, int Count)> _pieces = [];
    private readonly Queue<long> _order = new();
    private Stream? _decoder;
    private long _decoded;

    /// <summary>Not known without decompressing all of it; what is read beyond the end is a short read.</summary>
    public override long Length => long.MaxValue / 4;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;
        var index = Position / PieceSize;
        if (!_pieces.TryGetValue(index, out var piece))
        {
            piece = await DecodeAsync(index, cancellationToken).ConfigureAwait(false);
            _pieces.Add(index, piece);
            _order.Enqueue(index);
        }

        var into = (int)(Position % PieceSize);
        var count = Math.Min(buffer.Length, piece.Count - into);
        if (count <= 0)
            return 0;
        piece.Bytes.AsMemory(into, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        origin == SeekOrigin.End ? throw new NotSupportedException("The end is not known.") : base.Seek(offset, origin);

    public override async ValueTask DisposeAsync()
    {
        if (_decoder is not null)
            await _decoder.DisposeAsync().ConfigureAwait(false);
        _decoder = null;
        await source.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder?.Dispose();
            _decoder = null;
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<(byte[] Bytes, int Count)> DecodeAsync(long index, CancellationToken cancellationToken)
    {
        // Reuse of the oldest piece, so that reading a whole image makes no garbage.
        var bytes =
            _order.Count == MaxPieces && _pieces.Remove(_order.Dequeue(), out var oldest)
                ? oldest.Bytes
                : new byte[PieceSize];
        var start = index * PieceSize;
        if (_decoder is null || _decoded > start)
        {
            if (_decoder is not null)
                await _decoder.DisposeAsync().ConfigureAwait(false);
            source.Position = 0;
            _decoder = open(source);
            _decoded = 0;
        }

        while (_decoded < start)
        {
            if (
                await FillAsync(bytes, (int)Math.Min(PieceSize, start - _decoded), cancellationToken)
                    .ConfigureAwait(false) == 0
            )
                return (bytes, 0);
        }

        return (bytes, await FillAsync(bytes, PieceSize, cancellationToken).ConfigureAwait(false));
    }

    private async ValueTask<int> FillAsync(byte[] bytes, int count, CancellationToken cancellationToken)
    {
        try
        {
            var read = await _decoder!
                .ReadAtLeastAsync(bytes.AsMemory(0, count), count, false, cancellationToken)
                .ConfigureAwait(false);
            budget.Take(read, name);
            _decoded += read;
            return read;
        }
        catch (Exception e) when (e is ZstdException or InvalidDataException or EndOfStreamException)
        {
            throw ImageErrors.CompressedDataMalformed.New(
                $"'{name}' cannot be decompressed beyond byte {_decoded}: {e.Message}",
                name,
                e
            );
        }
    }
}
