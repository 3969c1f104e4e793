namespace TalosTailscale.Core.Images.Compression;

/// <summary>
/// The content of .xz streams as a seekable stream: a jump costs at most one block, which is a MiB for what
/// <c>xz -T0</c> makes.
/// </summary>
internal sealed class XzStream : Stream
{
    private readonly RandomReader _file;
    private readonly Stream? _owned;
    private readonly XzBlock[] _blocks;
    private readonly long[] _starts;
    private readonly byte[] _skip = new byte[16 * 1024];
    private readonly ByteBudget _budget;
    private XzBlockDecoder? _decoder;
    private int _current = -1;
    private long _position;

    public XzStream(RandomReader file, IEnumerable<XzPart> parts, ByteBudget budget, Stream? owned = null)
    {
        _file = file;
        _owned = owned;
        _budget = budget;
        _blocks = [.. parts.SelectMany(p => p.Blocks).Where(b => b.Size > 0)];
        _starts = new long[_blocks.Length];
        for (var i = 0; i < _blocks.Length; i++)
        {
            _starts[i] = Length;
            Length = checked(Length + _blocks[i].Size);
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= Length || buffer.IsEmpty) return 0;
        var i = Array.BinarySearch(_starts, _position);
        if (i < 0) i = ~i - 1;
        var into = _position - _starts[i];
        if (i != _current || _decoder!.Position > into)
        {
            _decoder?.Dispose();
            _current = -1;
            _decoder = await XzBlockDecoder.OpenAsync(_file, _blocks[i], cancellationToken).ConfigureAwait(false);
            _current = i;
        }

        while (_decoder.Position < into)
        {
            var piece = _skip.AsMemory(0, (int)Math.Min(_skip.Length, into - _decoder.Position));
            _budget.Take(await _decoder.ReadAsync(piece, cancellationToken).ConfigureAwait(false), _file.Name);
        }

        var read = await _decoder.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _budget.Take(read, _file.Name);
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Read asynchronously.");

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin)
    {
        Position = checked(offset + origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => _position,
            _ => Length,
        });
        return _position;
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (_owned is not null) await _owned.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder?.Dispose();
            _owned?.Dispose();
        }

        _decoder = null;
        base.Dispose(disposing);
    }
}
