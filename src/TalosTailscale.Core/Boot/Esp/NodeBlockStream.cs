using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>
/// Reads a file or device on a node at random: each miss fetches a run of blocks through the shell, and what was read
/// is kept. For headers and short sections; whole images only with a chunk.
/// </summary>
internal sealed class NodeBlockStream : SeekableReadStream
{
    private const int RunBlocks = 4;

    private readonly Func<long, int, CancellationToken, Task<ReadOnlyMemory<byte>>> _fetch;
    private readonly Dictionary<long, ReadOnlyMemory<byte>> _blocks = [];
    private readonly int _mostBlocks;
    private readonly int _chunk;

    /// <summary>A file or device of known length.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="fetch">Reads blocks: the first block and how many.</param>
    /// <param name="mostBlocks">How many blocks are fetched at once by who reads on; a jump fetches few.</param>
    /// <param name="chunk">How many blocks every fetch takes, for who needs nearly all; 0 to fetch what is asked for.</param>
    internal NodeBlockStream(
        long length,
        Func<long, int, CancellationToken, Task<ReadOnlyMemory<byte>>> fetch,
        int mostBlocks = RunBlocks,
        int chunk = 0
    )
    {
        Length = length;
        _fetch = fetch;
        _mostBlocks = mostBlocks;
        _chunk = chunk;
    }

    public override long Length { get; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length || buffer.IsEmpty)
            return 0;
        long block = Position / EspProgram.BlockSize;
        if (!_blocks.TryGetValue(block, out ReadOnlyMemory<byte> bytes))
            bytes = await FetchAsync(block, cancellationToken).ConfigureAwait(false);

        int start = (int)(Position % EspProgram.BlockSize);
        int count = (int)Math.Min(Math.Min(buffer.Length, bytes.Length - start), Length - Position);
        if (count <= 0)
            return 0;
        bytes.Slice(start, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    private async Task<ReadOnlyMemory<byte>> FetchAsync(long block, CancellationToken cancellationToken)
    {
        long first = _chunk > 0 ? block - (block % _chunk) : block;
        int count =
            _chunk > 0 ? _chunk
            : _blocks.ContainsKey(block - 1) ? _mostBlocks
            : RunBlocks;
        ReadOnlyMemory<byte> run = await _fetch(first, count, cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < count; i++)
        {
            int at = Math.Min(run.Length, i * EspProgram.BlockSize);
            _blocks[first + i] = run.Slice(at, Math.Min(EspProgram.BlockSize, run.Length - at));
        }

        return _blocks[block];
    }
}
