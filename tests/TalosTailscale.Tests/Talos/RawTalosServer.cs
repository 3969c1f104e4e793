using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Org.BouncyCastle.Tls;

namespace TalosTailscale.Tests.Talos;

/// <summary>
/// An endpoint that knows nothing of our message types: bytes in, bytes out, over the real TLS and HTTP/2. What it is sent
/// and what it answers is written down in the tests byte by byte, so client and lab cannot be wrong together.
/// </summary>
internal sealed class RawTalosServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Func<RawCall, Task>> _methods = new(StringComparer.Ordinal);
    private int _connections;

    private RawTalosServer(WebApplication app, TestCertificate ca)
    {
        _app = app;
        Ca = ca;
    }

    public TestCertificate Ca { get; }

    public int Port { get; private set; }

    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>How many connections were ever made.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Requests as they came: path, metadata.</summary>
    public ConcurrentQueue<(string Path, IHeaderDictionary Headers)> Requests { get; } = new();

    /// <summary>Called with the stream below TLS of every new connection and what ends it; may wrap it.</summary>
    public Func<Stream, Func<Task>, Stream>? Tap { get; set; }

    /// <summary>Where connections are cut, above TLS.</summary>
    public FrameCut? Cut { get; set; }

    public static async Task<RawTalosServer> StartAsync(
        KeyKind kind = KeyKind.Ed25519,
        ProtocolVersion[]? versions = null,
        TestCertificate? ca = null,
        int port = 0,
        params string[] names
    )
    {
        ca ??= TestPki.Ca(kind);
        TestCertificate certificate = TestPki.Server(ca, kind, names.Length > 0 ? names : ["127.0.0.1", "localhost"]);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        RawTalosServer? server = null;
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.Use(next => context => server!.SecureAsync(context, next, certificate, versions));
            });
        });
        WebApplication app = builder.Build();
        server = new RawTalosServer(app, ca);
        app.Run(server.HandleAsync);
        await app.StartAsync();
        string address = app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.First();
        server.Port = new Uri(address).Port;
        return server;
    }

    /// <summary>Answers a method; the path is that of the wire (<c>/machine.MachineService/Version</c>).</summary>
    public RawTalosServer On(string path, Func<RawCall, Task> answer)
    {
        _methods[path] = answer;
        return this;
    }

    /// <summary>Answers with messages given as bytes.</summary>
    public RawTalosServer On(string path, params byte[][] messages) => On(path, async call =>
        {
            await call.ReadAsync();
            foreach (byte[] message in messages)
                await call.WriteAsync(message);
        });

    public Core.Talos.TalosConfigContext Context(TestCertificate? client = null, params string[] endpoints) =>
        Core
            .Talos.TalosConfigFile.Parse(
                TestPki.TalosConfig(Ca, client ?? TestPki.Client(Ca), endpoints.Length > 0 ? endpoints : [Endpoint])
            )
            .Context();

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task SecureAsync(
        ConnectionContext context,
        ConnectionDelegate next,
        TestCertificate certificate,
        ProtocolVersion[]? versions
    )
    {
        Interlocked.Increment(ref _connections);
        Stream transport = new DuplexPipeStream(context.Transport);
        PipeWriter output = context.Transport.Output;
        Func<Task> hangUp = async () => await output.CompleteAsync();
        if (Tap is { } tap)
            transport = tap(transport, hangUp);
        Stream secure;
        try
        {
            secure = await TestTlsServer.AcceptAsync(
                transport,
                new TestTlsServer(certificate, Ca, versions),
                context.ConnectionClosed
            );
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client left or was refused; what it still sends is read, lest a reset overtakes the alert.
            await DrainAsync(transport);
            return;
        }

        if (Cut is { } cut)
            secure = cut.Wrap(secure, hangUp);
        IDuplexPipe raw = context.Transport;
        context.Transport = new StreamPipe(secure);
        try
        {
            await next(context);
        }
        finally
        {
            context.Transport = raw;
            await secure.DisposeAsync();
        }
    }

    private static async Task DrainAsync(Stream transport)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            byte[] rest = new byte[4096];
            while (await transport.ReadAsync(rest, limit.Token) > 0) { }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Gone, or not going.
        }
    }

    private async Task HandleAsync(HttpContext http)
    {
        Requests.Enqueue((http.Request.Path, http.Request.Headers));
        http.Response.ContentType = "application/grpc";
        var call = new RawCall(http);
        try
        {
            if (_methods.TryGetValue(http.Request.Path, out Func<RawCall, Task>? answer))
                await answer(call);
            else
                call.Status(12, "unknown method");
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return;
        }

        if (http.RequestAborted.IsCancellationRequested)
            return;
        http.Response.AppendTrailer(
            "grpc-status",
            call.Code.ToString(System.Globalization.CultureInfo.InvariantCulture)
        );
        if (call.Message.Length > 0)
            http.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(call.Message));
    }

    private sealed class StreamPipe(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream);

        public PipeWriter Output { get; } = PipeWriter.Create(stream);
    }
}

/// <summary>One call at the raw server.</summary>
internal sealed class RawCall(HttpContext http)
{
    public int Code { get; private set; }

    public string Message { get; private set; } = "";

    public HttpContext Http => http;

    public CancellationToken Aborted => http.RequestAborted;

    public void Status(int code, string message) => (Code, Message) = (code, message);

    /// <summary>The next message of the client; null at its end.</summary>
    public async Task<byte[]?> ReadAsync()
    {
        byte[] header = new byte[5];
        int read = await http.Request.Body.ReadAtLeastAsync(header, 5, throwOnEndOfStream: false, Aborted);
        if (read < 5)
            return null;
        byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
        await http.Request.Body.ReadExactlyAsync(body, Aborted);
        return body;
    }

    public async Task WriteAsync(byte[] message)
    {
        byte[] frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        await http.Response.Body.WriteAsync(frame, Aborted);
        await http.Response.Body.FlushAsync(Aborted);
    }
}
