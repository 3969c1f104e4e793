namespace TalosTailscale.Core.Images.Compression;

/// <summary>
/// A small buffer for walking from header to header: one read per step where the steps are large, one per 4 KiB where
/// they are small, so that a file made of empty blocks is no slower to refuse than to read.
/// </summary>
internal sealed class ScanBuffer(RandomReader reader)
{
    private readonly byte[] _buffer = new byte[4096];
    private long _start;
    private int _count;

    public RandomReader Reader => reader;

    public long Length => reader.Length;

    public async ValueTask<ReadOnlyMemory<byte>> GetAsync(
        long offset,
        int count,
        string what,
        CancellationToken cancellationToken
    )
    {
        if (offset < _start || offset + count > _start + _count)
        {
            // What is not there must be said by the reader, which knows the name.
            var available = Math.Min(_buffer.Length, Math.Max(0, reader.Length - offset));
            _count = (int)Math.Max(count, available);
            _start = offset;
            try
            {
                await reader
                    .ReadAsync(offset, _buffer.AsMemory(0, _count), what, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch
            {
                _count = 0;
                throw;
            }
        }

        return _buffer.AsMemory((int)(offset - _start), count);
    }

    /// <summary>The offset of the first byte that is not zero, or the end.</summary>
    public async ValueTask<long> SkipZerosAsync(long offset, CancellationToken cancellationToken)
    {
        while (offset < Length)
        {
            var count = (int)Math.Min(_buffer.Length, Length - offset);
            var piece = await GetAsync(offset, count, "padding", cancellationToken).ConfigureAwait(false);
            var at = piece.Span.IndexOfAnyExcept((byte)0);
            if (at >= 0)
                return offset + at;
            offset += count;
        }

        return offset;
    }
}
