using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>
/// Reads a file or device on a node at random: each miss fetches a run of blocks through the shell, and what was read
/// is kept. For headers and short sections, not for whole images.
/// </summary>
internal sealed class NodeBlockStream : SeekableReadStream
{
    private const int RunBlocks = 4;

    private readonly Func<long, int, CancellationToken, Task<ReadOnlyMemory<byte>>> _fetch;
    private readonly Dictionary<long, ReadOnlyMemory<byte>> _runs = [];
    private readonly int _runBlocks;

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

    public override long Length { get; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length || buffer.IsEmpty) return 0;
        long runBytes = (long)_runBlocks * EspProgram.BlockSize;
        long run = Position / runBytes;
        if (!_runs.TryGetValue(run, out ReadOnlyMemory<byte> bytes))
        {
            bytes = await _fetch(run * _runBlocks, _runBlocks, cancellationToken).ConfigureAwait(false);
            _runs.Add(run, bytes);
        }

        int start = (int)(Position - (run * runBytes));
        int count = (int)Math.Min(Math.Min(buffer.Length, bytes.Length - start), Length - Position);
        if (count <= 0) return 0;
        bytes.Slice(start, count).CopyTo(buffer);
        Position += count;
        return count;
    }
}
