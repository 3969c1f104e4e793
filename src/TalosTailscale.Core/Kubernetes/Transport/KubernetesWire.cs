using System.Net.Sockets;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Makes the connections to one API server: TCP, the proxy where there is one, TLS. The HTTP handler above is given them
/// ready and takes them for plain ones, since it knows no TLS but the system's and no proxy rules but its own.
/// </summary>
internal sealed class KubernetesWire(Uri server, Uri? proxy, KubernetesTls tls)
{
    private static readonly TimeSpan s_keepAlive = TimeSpan.FromSeconds(20);

    /// <summary>The address under which the HTTP handler asks for one of these connections.</summary>
    internal static Uri Plain(Uri address) =>
        new UriBuilder(address)
        {
            Scheme = address.Scheme is "https" or "http" ? "http" : "ws",
            Port = address.Port,
        }.Uri;

    internal async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken
    )
    {
        Uri first = proxy ?? server;
        int port = first.Port > 0 ? first.Port : 1080;
        Stream stream = await DialAsync(first.IdnHost, port, cancellationToken).ConfigureAwait(false);
        try
        {
            if (proxy is { Scheme: "https" })
                stream = await KubernetesTls
                    .ForProxy(proxy)
                    .ConnectAsync(stream, cancellationToken)
                    .ConfigureAwait(false);
            if (proxy is not null)
                await ProxyTunnel.OpenAsync(stream, proxy, server, cancellationToken).ConfigureAwait(false);
            return await tls.ConnectAsync(stream, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // A peer that vanished without a word (a rebooted node, a dropped NAT entry) is noticed within about a minute.
    private static async Task<Stream> DialAsync(string host, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(
                SocketOptionLevel.Tcp,
                SocketOptionName.TcpKeepAliveTime,
                (int)s_keepAlive.TotalSeconds
            );
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            await socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
