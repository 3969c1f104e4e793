using System.Net.Sockets;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;

namespace TalosTailscale.Core.Talos;

/// <summary>Makes one verified TLS connection to an endpoint.</summary>
internal sealed class TalosDialer(
    TalosEndpoint endpoint,
    TalosCredentials credentials,
    TimeSpan timeout,
    TimeProvider clock,
    SocketCount? sockets = null
)
{
    // Finds a peer that lost its power during a followed log; TCP's own, apid counts HTTP/2 pings against us.
    private const int KeepAliveIdleSeconds = 20;
    private const int KeepAliveIntervalSeconds = 5;
    private const int KeepAliveProbes = 4;

    private static readonly BcTlsCrypto s_crypto = new(new SecureRandom());

    private volatile TlsFatalAlertReceived? _alert;

    /// <summary>
    /// The alert with which the server ended the last connection, if it did. HTTP/2 loses it where the connection ends before
    /// the first request is on it: in TLS 1.3 the client is done with the handshake before the server has seen its certificate.
    /// </summary>
    internal TlsFatalAlertReceived? Alert => _alert;

    /// <summary>Connects and shakes hands.</summary>
    /// <exception cref="TalosDialException">Nothing was sent but the handshake; the cause is inside.</exception>
    internal async Task<Stream> ConnectAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        Socket? socket = null;
        _alert = null;
        try
        {
            // A certificate may end while a session lasts: said with its date here, an alert would only say that it was refused.
            credentials.CheckDates(clock.GetUtcNow());
            socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            KeepAlive(socket);
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, limit.Token).ConfigureAwait(false);
            return await HandshakeAsync(new CountedConnection(socket, sockets), limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            socket?.Dispose();
            throw new TalosDialException(
                $"No connection to '{endpoint}' within {timeout.TotalSeconds:0} s.",
                new TimeoutException(e.Message, e)
            );
        }
        catch (Exception e)
        {
            socket?.Dispose();
            if (e is OperationCanceledException)
                throw;
            throw new TalosDialException($"No connection to '{endpoint}': {e.Message}", e);
        }
    }

    private async Task<Stream> HandshakeAsync(NetworkStream network, CancellationToken cancellation)
    {
        var client = new TalosTlsClient(s_crypto, credentials, endpoint, clock) { Alerted = alert => _alert = alert };
        var protocol = new TlsClientProtocol();
        var stream = new TlsStream(network, protocol);
        try
        {
            protocol.Connect(client);
            await stream.HandshakeAsync(cancellation).ConfigureAwait(false);
            return stream;
        }
        catch (Exception) when (client.Refusal is not null)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw client.Refusal;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveIdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
    }
}
