using TalosTailscale.Core.Boot.NodeShell;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>
/// Reads a file or device on a node at random: each miss fetches a run of blocks through the shell, and what was read
/// is kept. For headers and short sections, not for whole images.
/// </summary>
internal sealed class NodeBlockStream : Stream
{
    private const int RunBlocks = 4;

    private readonly Func<long, int, CancellationToken, Task<ReadOnlyMemory<byte>>> _fetch;
    private readonly Dictionary<long, ReadOnlyMemory<byte>> _runs = [];
    private readonly int _runBlocks;
    private long _position;

    /// <summary>A file or device of known length.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="fetch">Reads blocks: the first block and how many.</param>
    /// <param name="runBlocks">How many blocks are fetched at once.</param>
    internal NodeBlockStream(
        long length, Func<long, int, CancellationToken, Task<ReadOnlyMemory<byte>>> fetch, int runBlocks = RunBlocks)
    {
        Length = length;
        _fetch = fetch;
        _runBlocks = runBlocks;
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= Length || buffer.IsEmpty) return 0;
        long runBytes = (long)_runBlocks * EspProgram.BlockSize;
        long run = _position / runBytes;
        if (!_runs.TryGetValue(run, out ReadOnlyMemory<byte> bytes))
        {
            bytes = await _fetch(run * _runBlocks, _runBlocks, cancellationToken).ConfigureAwait(false);
            _runs.Add(run, bytes);
        }

        int start = (int)(_position - (run * runBytes));
        int count = (int)Math.Min(Math.Min(buffer.Length, bytes.Length - start), Length - _position);
        if (count <= 0) return 0;
        bytes.Slice(start, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A file on a node is read asynchronously only.");

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
