using System.Diagnostics;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Org.BouncyCastle.Tls;

namespace TalosTailscale.Core.Talos;

/// <summary>One endpoint's HTTP/2 connection, shared by all calls to it and closed when the last user of a retired one leaves.</summary>
internal sealed class TalosChannel : IDisposable
{
    // siderolabs/talos constants.GRPCMaxMessageSize.
    internal const int MaxMessageBytes = 32 << 20;

    private const int StreamWindowBytes = 1 << 20;
    private static readonly TimeSpan s_idle = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_avoid = TimeSpan.FromSeconds(20);

    private readonly TalosDialer _dialer;
    private readonly GrpcChannel _channel;
    private readonly object _gate = new();
    private long _lastAnswer;
    private long _lastFailure;
    private int _users;
    private bool _retired;
    private bool _closed;

    internal TalosChannel(
        TalosEndpoint endpoint,
        TalosCredentials credentials,
        TimeSpan connectTimeout,
        TimeProvider clock,
        SocketCount sockets
    )
    {
        Endpoint = endpoint;
        _dialer = new TalosDialer(endpoint, credentials, connectTimeout, clock, sockets);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) => await _dialer.ConnectAsync(cancellation).ConfigureAwait(false),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = s_idle,
            InitialHttp2StreamWindowSize = StreamWindowBytes,

            // apid allows one ping in five minutes and answers more with GOAWAY too_many_pings (grpc-go's default).
            KeepAlivePingDelay = Timeout.InfiniteTimeSpan,
        };

        // TLS is below; to HTTP this is HTTP/2 with prior knowledge. grpc-go does not look at :scheme.
        _channel = GrpcChannel.ForAddress(
            $"http://{endpoint}",
            new GrpcChannelOptions
            {
                HttpHandler = handler,
                DisposeHttpClient = true,
                MaxReceiveMessageSize = MaxMessageBytes,
                MaxSendMessageSize = MaxMessageBytes,
                MaxRetryAttempts = null,
            }
        );
        Invoker = _channel.CreateCallInvoker();
    }

    internal TalosEndpoint Endpoint { get; }

    internal CallInvoker Invoker { get; }

    /// <inheritdoc cref="TalosDialer.Alert"/>
    internal TlsFatalAlertReceived? Alert => _dialer.Alert;

    /// <summary>True for a while after the endpoint failed: others are tried first.</summary>
    internal bool IsAvoided
    {
        get
        {
            long failure = Volatile.Read(ref _lastFailure);
            return failure != 0
                && failure > Volatile.Read(ref _lastAnswer)
                && Stopwatch.GetElapsedTime(failure) < s_avoid;
        }
    }

    /// <summary>Takes part; false if the channel has been closed meanwhile.</summary>
    internal bool TryEnter()
    {
        lock (_gate)
        {
            if (_retired)
                return false;
            _users++;
            return true;
        }
    }

    internal void Leave()
    {
        bool close;
        lock (_gate)
            close = --_users == 0 && _retired;
        if (close)
            Close();
    }

    /// <summary>Something came back: the connection lives.</summary>
    internal void Answered() => Volatile.Write(ref _lastAnswer, Stopwatch.GetTimestamp());

    internal void Failed() => Volatile.Write(ref _lastFailure, Stopwatch.GetTimestamp());

    /// <summary>True if nothing has come back since <paramref name="timestamp"/>.</summary>
    internal bool SilentSince(long timestamp) => Volatile.Read(ref _lastAnswer) < timestamp;

    /// <summary>No new calls; closed as soon as those under way have ended.</summary>
    internal void Retire()
    {
        bool close;
        lock (_gate)
        {
            _retired = true;
            close = _users == 0;
        }

        if (close)
            Close();
    }

    /// <summary>Closes at once: calls under way fail.</summary>
    public void Dispose()
    {
        lock (_gate)
            _retired = true;
        Close();
    }

    private void Close()
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
        }

        _channel.Dispose();
    }
}
