namespace TalosTailscale.Core.Images;

/// <summary>A piece of a <see cref="SegmentStream"/>: bytes at hand, else a piece of the source, else zeros.</summary>
internal readonly record struct Segment(byte[]? Bytes, long SourceOffset, long Length)
{
    public static Segment Of(byte[] bytes) => new(bytes, 0, bytes.Length);

    public static Segment Copy(long offset, long length) => new(null, offset, length);

    public static Segment Zeros(long length) => new(null, -1, length);
}

/// <summary>A read-only file put together from new bytes and pieces of another one, without copying those.</summary>
internal sealed class SegmentStream : SeekableReadStream
{
    private readonly Stream _source;
    private readonly Segment[] _segments;
    private readonly long[] _starts;

    public SegmentStream(Stream source, IReadOnlyList<Segment> segments)
    {
        _source = source;
        _segments = [.. segments.Where(s => s.Length > 0)];
        _starts = new long[_segments.Length];
        for (var i = 0; i < _segments.Length; i++)
        {
            _starts[i] = Length;
            Length = checked(Length + _segments[i].Length);
        }
    }

    public override long Length { get; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length || buffer.IsEmpty)
            return 0;
        var i = Array.BinarySearch(_starts, Position);
        if (i < 0)
            i = ~i - 1;
        var segment = _segments[i];
        var into = Position - _starts[i];
        var count = (int)Math.Min(buffer.Length, segment.Length - into);
        if (segment.Bytes is { } bytes)
        {
            bytes.AsMemory((int)into, count).CopyTo(buffer);
        }
        else if (segment.SourceOffset < 0)
        {
            buffer.Span[..count].Clear();
        }
        else
        {
            _source.Position = segment.SourceOffset + into;
            count = await _source.ReadAsync(buffer[..count], cancellationToken).ConfigureAwait(false);
        }

        Position += count;
        return count;
    }
}
