using System.Net.Sockets;
using Grpc.Core;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>From what a call ended with to what the user is told, row by row; and the same over the wire.</summary>
public class TalosFailureTests
{
    private const string VersionPath = "/machine.MachineService/Version";

    [Theory]
    [InlineData(StatusCode.PermissionDenied, "not authorized", "TalosRoleMissing")]
    [InlineData(StatusCode.PermissionDenied, "no request forwarding", "TalosNoForwarding")]
    [InlineData(StatusCode.PermissionDenied, "resource type \"x\" is not supported", "TalosResourceTypeUnknown")]
    [InlineData(StatusCode.PermissionDenied, "namespace \"x\" is not supported", "TalosResourceTypeUnknown")]
    [InlineData(StatusCode.NotFound, "resource ExtensionStatuses(runtime/9) doesn't exist", "TalosNotFound")]
    [InlineData(
        StatusCode.Unimplemented,
        "member list is only available on control plane nodes",
        "TalosNotControlPlane"
    )]
    [InlineData(StatusCode.Unimplemented, "unknown service machine.LifecycleService", "TalosUnimplemented")]
    [InlineData(StatusCode.DeadlineExceeded, "context deadline exceeded", "TalosTimeout")]
    [InlineData(StatusCode.InvalidArgument, "invalid namespace", "TalosInvalidRequest")]
    [InlineData(StatusCode.Internal, "invalid target \"10.0.0.1:50000\"", "TalosInvalidRequest")]
    [InlineData(StatusCode.FailedPrecondition, "another apply configuration is already in progress", "TalosBusy")]
    [InlineData(StatusCode.Unavailable, "dial tcp 10.0.0.2:50000: connect: connection refused", "TalosNodeUnavailable")]
    [InlineData(
        StatusCode.Unavailable,
        "x509: certificate is valid for 10.0.0.1, not 10.0.0.2",
        "TalosServerNameMismatch"
    )]
    [InlineData(
        StatusCode.Unavailable,
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "TalosServerNotTrusted"
    )]
    [InlineData(
        StatusCode.Unavailable,
        "x509: certificate has expired or is not yet valid",
        "TalosServerCertificateExpired"
    )]
    [InlineData(
        StatusCode.Unavailable,
        "closing transport due to: ... code: ENHANCE_YOUR_CALM, debug data: \"too_many_pings\"",
        "TalosTooManyPings"
    )]
    [InlineData(
        StatusCode.ResourceExhausted,
        "grpc: received message larger than max (41943040 vs. 33554432)",
        "TalosMessageTooLarge"
    )]
    [InlineData(StatusCode.Unknown, "service \"x\" not found", "TalosCallFailed")]
    [InlineData(StatusCode.Unimplemented, "Bad gRPC response. HTTP status code: 404", "TalosProtocolViolation")]
    public void Row(StatusCode code, string text, string errorId)
    {
        var failure = new RpcException(new Status(code, text));
        TsException error = TalosFailure.Explain(
            failure,
            TalosCall.Read("Version"),
            "ampone",
            new TalosEndpoint("10.0.0.1", 50000),
            ["os:reader"]
        );
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains("'ampone'", error.Message, StringComparison.Ordinal);
        Assert.Equal("ampone", error.Target);
        Assert.False(string.IsNullOrWhiteSpace(error.RecommendedAction));
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused, "TalosConnectionRefused")]
    [InlineData(SocketError.HostNotFound, "TalosEndpointNotResolved")]
    [InlineData(SocketError.NetworkUnreachable, "TalosConnectionFailed")]
    [InlineData(SocketError.TimedOut, "TalosConnectionFailed")]
    public void A_dial_that_failed(SocketError code, string errorId)
    {
        var dial = new TalosDialException("no connection", new SocketException((int)code));
        var failure = new RpcException(new Status(StatusCode.Unavailable, "x", new HttpRequestException("x", dial)));
        Assert.True(TalosFailure.IsDial(failure));
        Assert.Equal(
            errorId,
            TalosFailure
                .Explain(failure, TalosCall.Read("Version"), "ampone", new TalosEndpoint("10.0.0.1", 50000), [])
                .ErrorId
        );
    }

    [Fact]
    public void A_missing_role_names_the_role_that_is_needed_and_those_there_are()
    {
        var failure = new RpcException(new Status(StatusCode.PermissionDenied, "not authorized"));
        TsException error = TalosFailure.Explain(
            failure,
            TalosCall.Change("Reboot", TalosCall.Operator),
            "ampone",
            new TalosEndpoint("10.0.0.1", 50000),
            ["os:reader"]
        );
        Assert.Contains("needs the role 'os:operator'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'os:reader'", error.Message, StringComparison.Ordinal);
        Assert.Contains("os:operator", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_another_cluster_is_refused()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync();
        TestCertificate other = TestPki.Ca();
        string text = TestPki.TalosConfig(other, TestPki.Client(server.Ca), server.Endpoint);
        Assert.Equal("TalosServerNotTrusted", (await FailAsync(TalosConfigFile.Parse(text).Context())).ErrorId);
    }

    [Fact]
    public async Task A_client_of_another_cluster_is_refused_by_the_server()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync();
        TalosConfigContext context = server.Context(TestPki.Client(TestPki.Ca()));
        TsException error = await FailAsync(context);
        Assert.True(error.ErrorId == "TalosClientCertificateRejected", error.ToString());
    }

    [Fact]
    public async Task A_server_with_other_names_is_refused_and_the_names_are_told()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync(names: "10.9.9.9");
        TsException error = await FailAsync(server.Context());
        Assert.Equal("TalosServerNameMismatch", error.ErrorId);
        Assert.Contains("'10.9.9.9'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_no_TLS_server_is_told_apart()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        Task accepting = Task.Run(
            async () =>
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
                await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
                _ = await client.GetStream().ReadAsync(new byte[1 << 16], TestContext.Current.CancellationToken);
            },
            TestContext.Current.CancellationToken
        );
        TestCertificate ca = TestPki.Ca();
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        TsException error = await FailAsync(
            TalosConfigFile.Parse(TestPki.TalosConfig(ca, TestPki.Client(ca), $"127.0.0.1:{port}")).Context()
        );
        Assert.Equal("TalosTlsFailed", error.ErrorId);
        await accepting;
    }

    [Fact]
    public async Task Nothing_that_listens_is_a_refused_connection()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        TestCertificate ca = TestPki.Ca();
        TsException error = await FailAsync(
            TalosConfigFile.Parse(TestPki.TalosConfig(ca, TestPki.Client(ca), $"127.0.0.1:{port}")).Context()
        );
        Assert.Equal("TalosConnectionRefused", error.ErrorId);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_a_timeout()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync();
        server.On(VersionPath, call => Task.Delay(Timeout.Infinite, call.Aborted));
        await using TalosClient client = TalosClient.Connect(
            server.Context(),
            new TalosClientOptions
            {
                Connections = new TalosConnections(),
                CallTimeout = TimeSpan.FromMilliseconds(300),
            }
        );
        TsException error = await Assert.ThrowsAsync<TsException>(() =>
            client.Node("n").VersionAsync(TestContext.Current.CancellationToken)
        );
        Assert.Equal("TalosTimeout", error.ErrorId);
    }

    [Fact]
    public async Task A_stream_that_falls_silent_is_a_timeout_and_a_cancelled_one_is_not_an_error()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync();
        server.On("/machine.MachineService/Logs", async call =>
        {
            await call.ReadAsync();
            await call.WriteAsync(Wire.Message(Wire.Bytes(2, "a\n"u8.ToArray())));
            await Task.Delay(Timeout.Infinite, call.Aborted);
        });
        server.On(VersionPath, Wire.Nested(1, Wire.Nested(2, Wire.Text(1, "v1.12.4"))));
        await using TalosClient client = TalosClient.Connect(
            server.Context(),
            new TalosClientOptions { Connections = new TalosConnections(), StallTimeout = TimeSpan.FromSeconds(2) }
        );
        await client.Node("n").VersionAsync(TestContext.Current.CancellationToken);
        var lines = new List<string>();
        TsException error = await Assert.ThrowsAsync<TsException>(async () =>
        {
            await foreach (
                string line in client.Node("n").LogsAsync("x", cancellation: TestContext.Current.CancellationToken)
            )
                lines.Add(line);
        });
        Assert.Equal("TalosTimeout", error.ErrorId);
        Assert.Equal(["a"], lines);

        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (string line in client.Node("n").LogsAsync("x", follow: true, cancellation: stop.Token))
                await stop.CancelAsync();
        });
    }

    private static async Task<TsException> FailAsync(TalosConfigContext context)
    {
        await using TalosClient client = TalosClient.Connect(
            context,
            new TalosClientOptions
            {
                Connections = new TalosConnections(),
                ConnectTimeout = TimeSpan.FromMinutes(2),
                CallTimeout = TimeSpan.FromMinutes(2),
            }
        );
        return await Assert.ThrowsAsync<TsException>(() =>
            client.Node("ampone").VersionAsync(TestContext.Current.CancellationToken)
        );
    }
}
