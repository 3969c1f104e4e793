using System.Buffers;
using Org.BouncyCastle.Tls;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// TLS over another stream, with reads and writes that are truly independent. BouncyCastle's own stream inherits the
/// base class's async methods, which let a read wait for a write and the other way round; HTTP/2 hangs on that. So the
/// protocol runs in its non-blocking form here: bytes in, bytes out, under a lock that is never held across an await.
/// </summary>
internal sealed class TlsStream : Stream
{
    private const int RecordBytes = 18 * 1024;

    private readonly Stream _inner;
    private readonly TlsProtocol _protocol;
    private readonly object _state = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly SemaphoreSlim _receiving = new(1, 1);
    private volatile Exception? _failure;
    private int _disposed;

    /// <summary>Wraps a connected stream; the handshake is still to come.</summary>
    /// <param name="inner">The connection; disposed with this stream.</param>
    /// <param name="protocol">A protocol in its non-blocking form, already told to connect or accept.</param>
    internal TlsStream(Stream inner, TlsProtocol protocol)
    {
        _inner = inner;
        _protocol = protocol;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Carries the handshake's messages until both sides are done.</summary>
    internal async Task HandshakeAsync(CancellationToken cancellation)
    {
        await SendPendingAsync(wait: true, cancellation).ConfigureAwait(false);
        while (IsHandshaking())
        {
            if (!await ReceiveAsync(cancellation).ConfigureAwait(false))
                throw new EndOfStreamException("The connection was closed in the middle of the TLS handshake.");
            await SendPendingAsync(wait: true, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;
        while (true)
        {
            lock (_state)
            {
                int available = _protocol.ApplicationDataAvailable;
                if (available > 0)
                    return _protocol.ReadApplicationData(buffer.Span[..Math.Min(available, buffer.Length)]);
                if (_protocol.IsClosed)
                    return 0;
            }

            if (!await ReceiveAsync(cancellationToken).ConfigureAwait(false))
                return 0;

            // A key update or an alert may want an answer; whoever writes at the moment takes it along.
            await SendPendingAsync(wait: false, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_state)
                _protocol.WriteApplicationData(buffer.Span);
            await DrainAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The cause (an alert, as a rule) comes in by the other way; here is only its consequence.
            await ReadLastWordsAsync(cancellationToken).ConfigureAwait(false);
            if (_failure is { } failure)
                throw new IOException(failure.Message, failure);
            throw;
        }
        finally
        {
            _sending.Release();
        }

        await SendPendingAsync(wait: false, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => _inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush() => _inner.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _ = CloseAsync();
        }

        base.Dispose(disposing);
    }

    private bool IsHandshaking()
    {
        lock (_state)
            return _protocol.IsHandshaking;
    }

    /// <summary>Says goodbye if that can be done at once, and closes the connection in any case.</summary>
    private async Task CloseAsync()
    {
        try
        {
            lock (_state)
                _protocol.Close();
            using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await SendPendingAsync(wait: false, soon.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The peer has gone already: there is nobody to say goodbye to.
            _ = e;
        }
        finally
        {
            await _inner.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Reads what the peer said before it hung up, so that a refusal is told as one and not as a broken pipe.</summary>
    private async ValueTask ReadLastWordsAsync(CancellationToken cancellation)
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        soon.CancelAfter(TimeSpan.FromSeconds(1));
        try
        {
            while (_failure is null && await ReceiveAsync(soon.Token).ConfigureAwait(false)) { }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The caller throws why the write failed, or what was found here.
            _ = e;
        }
    }

    private async ValueTask<bool> ReceiveAsync(CancellationToken cancellation)
    {
        await _receiving.WaitAsync(cancellation).ConfigureAwait(false);
        byte[] record = ArrayPool<byte>.Shared.Rent(RecordBytes);
        try
        {
            int read = await _inner.ReadAsync(record.AsMemory(), cancellation).ConfigureAwait(false);
            if (read == 0)
                return false;
            await OfferAsync(record, read, cancellation).ConfigureAwait(false);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(record);
            _receiving.Release();
        }
    }

    private async ValueTask OfferAsync(byte[] record, int length, CancellationToken cancellation)
    {
        try
        {
            lock (_state)
                _protocol.OfferInput(record, 0, length);
        }
        catch (IOException e)
        {
            _failure = e;

            // What we refuse, we refuse with an alert: the other side's log should say why.
            await SendPendingAsync(wait: false, cancellation).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Sends what the protocol wants to send by itself. Without <paramref name="wait"/> nothing is done while another
    /// send is under way, since that one drains the same queue; so a reader never waits for a writer.
    /// </summary>
    private async ValueTask SendPendingAsync(bool wait, CancellationToken cancellation)
    {
        while (HasOutput())
        {
            if (wait)
                await _sending.WaitAsync(cancellation).ConfigureAwait(false);
            else if (!_sending.Wait(0, CancellationToken.None))
                return;
            try
            {
                await DrainAsync(cancellation).ConfigureAwait(false);
            }
            finally
            {
                _sending.Release();
            }
        }
    }

    private bool HasOutput()
    {
        lock (_state)
            return _protocol.GetAvailableOutputBytes() > 0;
    }

    private async ValueTask DrainAsync(CancellationToken cancellation)
    {
        while (true)
        {
            byte[] output;
            int length;
            lock (_state)
            {
                length = _protocol.GetAvailableOutputBytes();
                if (length == 0)
                    return;
                output = ArrayPool<byte>.Shared.Rent(length);
                length = _protocol.ReadOutput(output, 0, length);
            }

            try
            {
                await _inner.WriteAsync(output.AsMemory(0, length), cancellation).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(output);
            }
        }
    }
}
