namespace TalosTailscale.Core.Images;

/// <summary>A piece of a stream: <paramref name="Length"/> bytes at <paramref name="Offset"/>.</summary>
/// <param name="Offset">Where it starts, in bytes.</param>
/// <param name="Length">How many bytes.</param>
internal readonly record struct Extent(long Offset, long Length)
{
    public long End => checked(Offset + Length);
}

/// <summary>
/// A read-only stream over pieces of another one, in order: a file in an ISO or FAT image, a section of a PE file.
/// Copies nothing and keeps no buffer. Shares the position of the stream below, so one reader at a time.
/// </summary>
internal sealed class SubStream : SeekableReadStream
{
    private readonly Stream _parent;
    private readonly Extent[] _extents;
    private readonly long[] _starts;
    private readonly bool _owns;

    public SubStream(Stream parent, long offset, long length)
        : this(parent, [new Extent(offset, length)]) { }

    public SubStream(Stream parent, IReadOnlyList<Extent> extents, long? length = null, bool ownsParent = false)
    {
        _parent = parent;
        _owns = ownsParent;
        _extents = [.. extents];
        _starts = new long[_extents.Length];
        var total = 0L;
        for (var i = 0; i < _extents.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(_extents[i].Offset);
            ArgumentOutOfRangeException.ThrowIfNegative(_extents[i].Length);
            _starts[i] = total;
            total = checked(total + _extents[i].Length);
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(length ?? 0, total);
        Length = length ?? total;
    }

    public override long Length { get; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var count = Seat(buffer.Length);
        var read = count == 0 ? 0 : _parent.Read(buffer[..count]);
        Position += read;
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Seat(buffer.Length);
        if (count == 0)
            return 0;
        var read = await _parent.ReadAsync(buffer[..count], cancellationToken).ConfigureAwait(false);
        Position += read;
        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_owns)
            await _parent.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _owns)
            _parent.Dispose();
        base.Dispose(disposing);
    }

    // Puts the stream below where the next byte is and says how many can be read there in one go.
    private int Seat(int wanted)
    {
        if (Position >= Length || wanted == 0)
            return 0;
        var i = Array.BinarySearch(_starts, Position);
        if (i < 0)
            i = ~i - 1;
        while (Position >= _starts[i] + _extents[i].Length)
            i++;
        var into = Position - _starts[i];
        var at = _extents[i].Offset + into;
        if (_parent.Position != at)
            _parent.Position = at;
        return (int)Math.Min(wanted, Math.Min(_extents[i].Length - into, Length - Position));
    }
}
