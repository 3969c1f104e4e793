namespace TalosTailscale.Core.Talos;

/// <summary>A read-only stream over an answer that comes in parts. Closing it ends the call.</summary>
internal sealed class ChunkStream : Stream
{
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _parts;
    private ReadOnlyMemory<byte> _current;
    private bool _ended;

    private ChunkStream(IAsyncEnumerator<ReadOnlyMemory<byte>> parts) => _parts = parts;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Waits for the first part, so that a missing file is an error of the opening.</summary>
    internal static async Task<ChunkStream> OpenAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> parts,
        CancellationToken cancellation
    )
    {
        var stream = new ChunkStream(parts.GetAsyncEnumerator(cancellation));
        try
        {
            await stream.FillAsync().ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.IsEmpty || !await FillAsync().ConfigureAwait(false))
            return 0;
        int count = Math.Min(buffer.Length, _current.Length);
        _current[..count].CopyTo(buffer);
        _current = _current[count..];
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("An answer of the Talos API is read asynchronously.");

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _parts.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Ends the call; its own clean-up needs no waiting for.
        if (disposing)
            _ = _parts.DisposeAsync().AsTask();
        base.Dispose(disposing);
    }

    private async ValueTask<bool> FillAsync()
    {
        while (_current.IsEmpty && !_ended)
        {
            _ended = !await _parts.MoveNextAsync().ConfigureAwait(false);
            if (!_ended)
                _current = _parts.Current;
        }

        return !_current.IsEmpty;
    }
}
