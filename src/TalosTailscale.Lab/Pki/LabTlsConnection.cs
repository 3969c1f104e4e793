using System.IO.Pipelines;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Org.BouncyCastle.Tls;

namespace TalosTailscale.Lab.Pki;

/// <summary>
/// TLS under Kestrel by BouncyCastle, since .NET cannot use an Ed25519 key (dotnet/runtime#63174). Three loops move
/// bytes between the socket, the TLS engine and the HTTP/2 layer; the engine itself does no I/O.
/// </summary>
internal sealed class LabTlsConnection : IDuplexPipe
{
    private const int ChunkSize = 16 * 1024;

    private readonly ConnectionContext _connection;
    private readonly IDuplexPipe _socket;
    private readonly LabTlsServer _server;
    private readonly TlsServerProtocol _engine = new();
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Pipe _received = new();
    private readonly Pipe _sending = new();
    private readonly Channel<byte[]> _records = Channel.CreateBounded<byte[]>(64);
    private long _bytesSent;
    private long _cutAt = long.MaxValue;

    internal LabTlsConnection(ConnectionContext connection, LabTlsServer server)
    {
        _connection = connection;
        _socket = connection.Transport;
        _server = server;
    }

    /// <summary>What HTTP/2 reads.</summary>
    public PipeReader Input => _received.Reader;

    /// <summary>What HTTP/2 writes.</summary>
    public PipeWriter Output => _sending.Writer;

    /// <summary>The roles of the client's certificate.</summary>
    internal IReadOnlyList<string> Roles => _server.Roles;

    /// <summary>Runs the connection: handshake, then whatever comes next, over the decrypted bytes.</summary>
    internal async Task RunAsync(Func<Task> next)
    {
        _engine.Accept(_server);
        var receive = ReceiveAsync();
        var write = WriteRecordsAsync();
        if (await Task.WhenAny(_server.HandshakeDone.Task, receive) != receive)
        {
            var send = SendAsync();
            _connection.Features.Set(this);
            _connection.Transport = this;
            await next();
            await _sending.Writer.CompleteAsync();
            await send;
        }

        _records.Writer.TryComplete();
        await write;
        await _received.Reader.CompleteAsync();
        _socket.Input.CancelPendingRead();
        await receive;
        _connection.Transport = _socket;
    }

    /// <summary>Cuts the connection, without a close_notify, after so many more bytes to the client.</summary>
    internal void CutAfter(long bytes) => Volatile.Write(ref _cutAt, Volatile.Read(ref _bytesSent) + bytes);

    /// <summary>Cuts the connection now.</summary>
    internal void Abort() => _connection.Abort(new ConnectionAbortedException("The lab cut the connection."));

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var read = await _socket.Input.ReadAsync();
                foreach (var segment in read.Buffer)
                    await OfferAsync(segment.ToArray());
                _socket.Input.AdvanceTo(read.Buffer.End);
                var flushed = await _received.Writer.FlushAsync();
                if (read.IsCompleted || read.IsCanceled || flushed.IsCompleted || _engine.IsClosed)
                    break;
            }

            await _received.Writer.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException)
        {
            await _received.Writer.CompleteAsync(new ConnectionAbortedException("The TLS connection failed.", e));
        }
    }

    private Task OfferAsync(byte[] bytes) =>
        WithEngineAsync(engine =>
        {
            engine.OfferInput(bytes);
            for (int count; (count = engine.GetAvailableInputBytes()) > 0; )
            {
                var plain = new byte[count];
                engine.ReadInput(plain, 0, count);
                plain.CopyTo(_received.Writer.GetSpan(count));
                _received.Writer.Advance(count);
            }
        });

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var read = await _sending.Reader.ReadAsync();
                foreach (var segment in read.Buffer)
                {
                    for (var at = 0; at < segment.Length; at += ChunkSize)
                        await EncryptAsync(segment.Slice(at, Math.Min(ChunkSize, segment.Length - at)).ToArray());
                }

                _sending.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
        }
        catch (IOException e)
        {
            // The client has gone; HTTP/2 learns it from the reading side.
            _connection.Abort(new ConnectionAbortedException("The TLS connection failed.", e));
        }

        await _sending.Reader.CompleteAsync();
        await WithEngineAsync(engine =>
        {
            if (!engine.IsClosed)
                engine.Close();
        });
    }

    // Records leave in the order in which the engine numbers them. An alert is queued before the engine's exception
    // goes on, so that the client learns why.
    private async Task WithEngineAsync(Action<TlsServerProtocol> use)
    {
        await _gate.WaitAsync();
        try
        {
            use(_engine);
        }
        finally
        {
            await QueueRecordsAsync();
            _gate.Release();
        }
    }

    private async Task QueueRecordsAsync()
    {
        for (int count; (count = _engine.GetAvailableOutputBytes()) > 0; )
        {
            var record = new byte[count];
            _engine.ReadOutput(record, 0, count);
            while (!_records.Writer.TryWrite(record))
            {
                if (!await _records.Writer.WaitToWriteAsync())
                    return;
            }
        }
    }

    private Task EncryptAsync(byte[] bytes) =>
        WithEngineAsync(engine => engine.WriteApplicationData(bytes, 0, bytes.Length));

    private async Task WriteRecordsAsync()
    {
        await foreach (var record in _records.Reader.ReadAllAsync())
        {
            var room = Volatile.Read(ref _cutAt) - _bytesSent;
            var count = (int)Math.Clamp(room, 0, record.Length);
            var flushed = await _socket.Output.WriteAsync(record.AsMemory(0, count));
            Volatile.Write(ref _bytesSent, _bytesSent + count);
            if (count < record.Length || flushed.IsCompleted)
            {
                _records.Writer.TryComplete();
                Abort();
                break;
            }
        }
    }
}
