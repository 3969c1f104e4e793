using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace TalosTailscale.Tests.Kubernetes.Oracle;

/// <summary>
/// Servers on loopback that write down who asked, and answer as an API server's /version does: one for each kind of
/// certificate; and an HTTP and a SOCKS proxy, for which every name is this machine's.
/// </summary>
internal sealed class OracleServer : IAsyncDisposable
{
    private const string Version =
        "{\"major\":\"1\",\"minor\":\"34\",\"gitVersion\":\"v1.34.1\",\"platform\":\"linux/amd64\"}";

    private readonly CancellationTokenSource _stop = new();
    private readonly List<TcpListener> _listeners = [];
    private readonly OraclePki _pki;
    private int _answered;

    internal OracleServer(OraclePki pki, SslProtocols protocols = SslProtocols.None)
    {
        _pki = pki;
        Protocols = protocols;
        Rooted = Listen(stream => ServeAsync(stream, "rooted", pki.Server, []));
        Whole = Listen(stream => ServeAsync(stream, "whole chain", pki.Below, [pki.Intermediate]));
        Short = Listen(stream => ServeAsync(stream, "leaf only", pki.Below, []));
        Lone = Listen(stream => ServeAsync(stream, "lone", pki.Lone, []));
        Plain = Listen(stream => AnswerAsync(stream, "without TLS"));
        HttpProxy = Listen(ConnectAsync);
        SocksProxy = Listen(SocksAsync);
    }

    /// <summary>What was asked, in order: one text for each request.</summary>
    internal ConcurrentQueue<string> Seen { get; } = new();

    /// <summary>What is answered instead, by what <see cref="Seen"/> says of the request; null for the usual answer.</summary>
    internal Func<string, (int Code, string Body)?>? Refuse { get; set; }

    /// <summary>So many bytes at the end of each answer never come.</summary>
    internal int Withheld { get; set; }

    /// <summary>How many answers went out.</summary>
    internal int Answered => Volatile.Read(ref _answered);

    /// <summary>What the proxies were asked for.</summary>
    internal ConcurrentQueue<string> Passed { get; } = new();

    internal SslProtocols Protocols { get; }

    internal int Rooted { get; }

    internal int Whole { get; }

    internal int Short { get; }

    internal int Lone { get; }

    /// <summary>Without TLS.</summary>
    internal int Plain { get; }

    internal int HttpProxy { get; }

    internal int SocksProxy { get; }

    /// <summary>One more server, of this certificate.</summary>
    internal int Add(X509Certificate2 certificate) => Listen(stream => ServeAsync(stream, "added", certificate, []));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (TcpListener listener in _listeners)
            listener.Dispose();
        _stop.Dispose();
    }

    private int Listen(Func<Stream, Task> serve)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _listeners.Add(listener);
        _ = AcceptAsync(listener, serve, _stop.Token);
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task AcceptAsync(TcpListener listener, Func<Stream, Task> serve, CancellationToken stop)
    {
        try
        {
            while (true)
                _ = OneAsync(await listener.AcceptTcpClientAsync(stop), serve);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private static async Task OneAsync(TcpClient client, Func<Stream, Task> serve)
    {
        using (client)
        {
            try
            {
                await serve(client.GetStream());
            }
            catch (Exception e)
                when (e
                        is IOException
                            or AuthenticationException
                            or SocketException
                            or OperationCanceledException
                            or ObjectDisposedException
                )
            {
                // A client that went away, which is what a refusal looks like from here.
            }
        }
    }

    private async Task ServeAsync(
        Stream stream,
        string kind,
        X509Certificate2 certificate,
        X509Certificate2Collection intermediates
    )
    {
        string name = "";
        await using var tls = new SslStream(stream);
        var context = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
        await tls.AuthenticateAsServerAsync(
            (_, hello, _, _) =>
            {
                name = hello.ServerName;
                return ValueTask.FromResult(
                    new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = context,
                        ClientCertificateRequired = true,
                        EnabledSslProtocols = Protocols,
                        // Whoever asks is written down, and nobody is let in to anything.
                        RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                            certificate is null or X509Certificate2,
                    }
                );
            },
            null,
            _stop.Token
        );
        await AnswerAsync(tls, $"{kind}; sni '{name.ToLowerInvariant()}'; client '{tls.RemoteCertificate?.Subject}'");
    }

    private async Task AnswerAsync(Stream stream, string who)
    {
        while (await HeadAsync(stream) is { } lines)
        {
            string asked =
                $"{who}; {string.Join("; ", lines.Skip(1).Select(Told).OfType<string>().Order(StringComparer.Ordinal))}";
            Seen.Enqueue(asked);
            (int code, string body) = Refuse?.Invoke(asked) ?? (200, Version);
            await SendAsync(stream, code, body);
            Interlocked.Increment(ref _answered);
        }
    }

    // A host's name is the same in capitals.
    private static string? Told(string line) =>
        line.Split(':', 2) is not [var key, var value] ? null
        : key.Equals("Host", StringComparison.OrdinalIgnoreCase) ? $"host: {value.Trim().ToLowerInvariant()}"
        : key.Equals("Authorization", StringComparison.OrdinalIgnoreCase)
        || key.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase)
            ? $"{key.ToLowerInvariant()}: {value.Trim()}"
        : null;

    private ValueTask SendAsync(Stream stream, int code, string body) =>
        stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {code.ToString(CultureInfo.InvariantCulture)} -\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n{body[..^Withheld]}"
            ),
            _stop.Token
        );

    private async Task<string[]?> HeadAsync(Stream stream)
    {
        var text = new StringBuilder();
        byte[] one = new byte[1];
        while (!(text.Length >= 4 && text.ToString(text.Length - 4, 4) == "\r\n\r\n"))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
                return null;
            text.Append((char)one[0]);
        }

        return text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task ConnectAsync(Stream stream)
    {
        if (await HeadAsync(stream) is not [var first, ..] head)
            return;
        string target = first.Split(' ')[1].ToLowerInvariant();
        string? secret = head.FirstOrDefault(line =>
            line.StartsWith("Proxy-Authorization:", StringComparison.OrdinalIgnoreCase)
        );
        Passed.Enqueue($"http {target}; {secret?.Split(':', 2)[1].Trim()}");
        if (!first.StartsWith("CONNECT ", StringComparison.Ordinal))
        {
            // A server without TLS is asked through a proxy, not behind a tunnel; this is the server's answer.
            await SendAsync(stream, 200, Version);
            return;
        }

        await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), _stop.Token);
        await RelayAsync(stream, int.Parse(target.Split(':')[^1], CultureInfo.InvariantCulture));
    }

    private async Task SocksAsync(Stream stream)
    {
        byte[] buffer = new byte[512];
        await stream.ReadExactlyAsync(buffer.AsMemory(0, 2), _stop.Token);
        await stream.ReadExactlyAsync(buffer.AsMemory(0, buffer[1]), _stop.Token);
        await stream.WriteAsync((byte[])[5, 0], _stop.Token);
        await stream.ReadExactlyAsync(buffer.AsMemory(0, 4), _stop.Token);
        string host;
        if (buffer[3] == 3)
        {
            await stream.ReadExactlyAsync(buffer.AsMemory(0, 1), _stop.Token);
            int length = buffer[0];
            await stream.ReadExactlyAsync(buffer.AsMemory(0, length), _stop.Token);
            host = Encoding.ASCII.GetString(buffer, 0, length).ToLowerInvariant();
        }
        else
        {
            int length = buffer[3] == 1 ? 4 : 16;
            await stream.ReadExactlyAsync(buffer.AsMemory(0, length), _stop.Token);
            host = new IPAddress(buffer.AsSpan(0, length)).ToString();
        }

        await stream.ReadExactlyAsync(buffer.AsMemory(0, 2), _stop.Token);
        int port = (buffer[0] << 8) | buffer[1];
        Passed.Enqueue($"socks {host}:{port}; ");
        await stream.WriteAsync((byte[])[5, 0, 0, 1, 127, 0, 0, 1, 0, 0], _stop.Token);
        await RelayAsync(stream, port);
    }

    private async Task RelayAsync(Stream stream, int port)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
        NetworkStream other = server.GetStream();
        await Task.WhenAny(stream.CopyToAsync(other, _stop.Token), other.CopyToAsync(stream, _stop.Token));
    }
}
