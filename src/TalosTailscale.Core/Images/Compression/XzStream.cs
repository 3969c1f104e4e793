namespace TalosTailscale.Core.Images.Compression;

/// <summary>
/// The content of .xz streams as a seekable stream: a jump costs at most one block, which is a MiB for what
/// <c>xz -T0</c> makes.
/// </summary>
internal sealed class XzStream : SeekableReadStream
{
    private readonly RandomReader _file;
    private readonly Stream? _owned;
    private readonly XzBlock[] _blocks;
    private readonly long[] _starts;
    private readonly byte[] _skip = new byte[16 * 1024];
    private readonly ByteBudget _budget;
    private XzBlockDecoder? _decoder;
    private int _current = -1;

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

    public override long Length { get; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length || buffer.IsEmpty)
            return 0;
        var i = Array.BinarySearch(_starts, Position);
        if (i < 0)
            i = ~i - 1;
        var into = Position - _starts[i];
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
        Position += read;
        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_owned is not null)
            await _owned.DisposeAsync().ConfigureAwait(false);
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
