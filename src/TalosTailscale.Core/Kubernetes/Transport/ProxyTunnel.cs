using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Asks a proxy to pass a connection on: CONNECT (RFC 9110 §9.3.6) or SOCKS 5 (RFC 1928, RFC 1929).</summary>
internal static class ProxyTunnel
{
    private const int MaximumAnswer = 16 << 10;

    /// <summary>Has the proxy connect to the server; what is read and written after that is the server's.</summary>
    /// <exception cref="TsException">KubernetesProxyFailed.</exception>
    internal static async Task OpenAsync(Stream stream, Uri proxy, Uri server, CancellationToken cancellationToken)
    {
        try
        {
            if (proxy.Scheme.StartsWith("socks", StringComparison.Ordinal))
                await SocksAsync(stream, proxy, server, cancellationToken).ConfigureAwait(false);
            else
                await ConnectAsync(stream, proxy, server, cancellationToken).ConfigureAwait(false);
        }
        catch (EndOfStreamException)
        {
            throw Failed(proxy, server, "hung up");
        }
    }

    private static async Task ConnectAsync(Stream stream, Uri proxy, Uri server, CancellationToken cancellationToken)
    {
        string target = $"{server.Host}:{server.Port}";
        var request = new StringBuilder($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if (Secret(proxy) is { } secret)
            request
                .Append("Proxy-Authorization: Basic ")
                .Append(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{secret.Name}:{secret.Password}")))
                .Append("\r\n");
        request.Append("\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.ToString()), cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        // Byte by byte: what follows the empty line is not the proxy's.
        var answer = new StringBuilder();
        byte[] one = new byte[1];
        while (answer.Length < 4 || answer.ToString(answer.Length - 4, 4) != "\r\n\r\n")
        {
            if (answer.Length > MaximumAnswer)
                throw Failed(proxy, server, $"answered with more than {MaximumAnswer} bytes");
            await stream.ReadExactlyAsync(one, cancellationToken).ConfigureAwait(false);
            answer.Append((char)one[0]);
        }

        string line = answer.ToString().Split("\r\n")[0];
        if (line.Split(' ') is not [['H', 'T', 'T', 'P', ..], "200", ..])
            throw Failed(proxy, server, $"answered '{PrintableText.Line(line.Length > 200 ? line[..200] : line)}'");
    }

    private static async Task SocksAsync(Stream stream, Uri proxy, Uri server, CancellationToken cancellationToken)
    {
        var secret = Secret(proxy);
        byte[] methods = secret is null ? [5, 1, 0] : [5, 2, 0, 2];
        await stream.WriteAsync(methods, cancellationToken).ConfigureAwait(false);
        byte[] answer = new byte[2];
        await stream.ReadExactlyAsync(answer, cancellationToken).ConfigureAwait(false);
        if (answer[0] != 5 || answer[1] is not (0 or 2) || (answer[1] == 2 && secret is null))
            throw Failed(
                proxy,
                server,
                "is no SOCKS 5 proxy, or wants a name and password that its address does not have"
            );
        if (answer[1] == 2)
        {
            byte[] name = Short(secret!.Value.Name),
                password = Short(secret.Value.Password);
            await stream.WriteAsync((byte[])[1, .. name, .. password], cancellationToken).ConfigureAwait(false);
            await stream.ReadExactlyAsync(answer, cancellationToken).ConfigureAwait(false);
            if (answer[1] != 0)
                throw Failed(proxy, server, "did not accept the name and password of its address");
        }

        byte[] port = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(port, checked((ushort)server.Port));
        byte[] host = IPAddress.TryParse(server.IdnHost, out IPAddress? address)
            ? [(byte)(address.AddressFamily == AddressFamily.InterNetwork ? 1 : 4), .. address.GetAddressBytes()]
            : [3, .. Short(server.IdnHost)];
        await stream.WriteAsync((byte[])[5, 1, 0, .. host, .. port], cancellationToken).ConfigureAwait(false);
        await ReadReplyAsync(stream, proxy, server, cancellationToken).ConfigureAwait(false);
    }

    private static async Task ReadReplyAsync(Stream stream, Uri proxy, Uri server, CancellationToken cancellationToken)
    {
        byte[] reply = new byte[5];
        await stream.ReadExactlyAsync(reply, cancellationToken).ConfigureAwait(false);
        if (reply[0] != 5 || reply[1] != 0)
            throw Failed(proxy, server, $"could not connect (SOCKS reply {reply[1]})");
        int rest = reply[3] switch
        {
            1 => 4 + 2 - 1,
            4 => 16 + 2 - 1,
            3 => reply[4] + 2,
            _ => throw Failed(proxy, server, "answered with an address of an unknown kind"),
        };
        await stream.ReadExactlyAsync(new byte[rest], cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Short(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [checked((byte)bytes.Length), .. bytes];
    }

    private static (string Name, string Password)? Secret(Uri proxy)
    {
        if (proxy.UserInfo.Length == 0)
            return null;
        string[] parts = proxy.UserInfo.Split(':', 2);
        return (Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
    }

    private static TsException Failed(Uri proxy, Uri server, string what) =>
        KubernetesErrors.KubernetesProxyFailed.New(
            $"The proxy '{proxy.Scheme}://{proxy.Authority}' on the way to '{server}' {what}.",
            server.ToString()
        );
}
