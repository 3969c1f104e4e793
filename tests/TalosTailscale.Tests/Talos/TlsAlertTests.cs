using System.IO.Pipelines;
using System.Net.Http;
using Grpc.Core;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>
/// In TLS 1.3 the client is done with the handshake before the server has looked at its certificate, so the refusal comes
/// when HTTP/2 is already at work: wherever it meets it, it has to come out as what it is.
/// </summary>
public sealed class TlsAlertTests
{
    private static readonly TalosEndpoint s_endpoint = new("127.0.0.1", 50000);

    [Fact]
    public async Task The_dialer_remembers_with_what_alert_the_server_ended_the_connection()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync(versions: [ProtocolVersion.TLSv13]);
        TalosConfigContext context = server.Context(TestPki.Client(TestPki.Ca()));
        var dialer = new TalosDialer(
            new TalosEndpoint("127.0.0.1", server.Port),
            TalosCredentials.Create(context),
            TimeSpan.FromMinutes(2),
            TimeProvider.System
        );
        await using Stream stream = await dialer.ConnectAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
            await stream.ReadAtLeastAsync(
                new byte[1],
                1,
                throwOnEndOfStream: false,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal(AlertDescription.unknown_ca, dialer.Alert?.AlertDescription);
    }

    [Fact]
    public void A_refusal_that_HTTP_lost_is_still_told_as_one()
    {
        var lost = new HttpRequestException("the server did not complete the HTTP/2 handshake.");
        var failure = new RpcException(new Status(StatusCode.Internal, "Error starting gRPC call.", lost));
        var alert = new TlsFatalAlertReceived(AlertDescription.unknown_ca);
        Assert.Equal("TalosClientCertificateRejected", Explain(failure, alert).ErrorId);
        Assert.Equal("TalosConnectionLost", Explain(failure, null).ErrorId);
        Assert.False(TalosFailure.MayFailOver(failure, alert));
        Assert.True(TalosFailure.MayFailOver(failure, null));
    }

    [Fact]
    public void An_answer_of_the_node_is_not_taken_for_a_refusal_of_an_earlier_connection()
    {
        var failure = new RpcException(new Status(StatusCode.NotFound, "no such file"));
        Assert.Equal("TalosNotFound", Explain(failure, new TlsFatalAlertReceived(AlertDescription.unknown_ca)).ErrorId);
    }

    [Fact]
    public async Task A_write_that_fails_says_the_alert_that_came_before()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        (Stream near, Stream far) = Connected();
        var transport = new DeafStream(near);
        TestCertificate ca = TestPki.Ca();
        var server = new TestTlsServer(TestPki.Server(ca, KeyKind.Ed25519, "127.0.0.1"), ca, [ProtocolVersion.TLSv13]);
        Task<TlsStream> accepting = TestTlsServer.AcceptAsync(far, server, stop);

        TalosConfigContext context = TalosConfigFile
            .Parse(TestPki.TalosConfig(ca, TestPki.Client(TestPki.Ca()), "127.0.0.1:50000"))
            .Context();
        var protocol = new TlsClientProtocol();
        await using var client = new TlsStream(transport, protocol);
        protocol.Connect(
            new TalosTlsClient(
                new BcTlsCrypto(new SecureRandom()),
                TalosCredentials.Create(context),
                s_endpoint,
                TimeProvider.System
            )
        );
        await client.HandshakeAsync(stop);
        await Assert.ThrowsAnyAsync<IOException>(() => accepting);

        transport.IsGone = true;
        IOException error = await Assert.ThrowsAsync<IOException>(async () =>
            await client.WriteAsync("PRI * HTTP/2.0"u8.ToArray(), stop)
        );
        Assert.Equal(
            AlertDescription.unknown_ca,
            Assert.IsType<TlsFatalAlertReceived>(error.InnerException).AlertDescription
        );
    }

    private static TsException Explain(RpcException failure, TlsFatalAlertReceived? ended) =>
        TalosFailure.Explain(failure, TalosCall.Read("Version"), "ampone", s_endpoint, [], ended);

    private static (Stream Near, Stream Far) Connected()
    {
        var there = new Pipe();
        var back = new Pipe();
        return (
            new DuplexPipeStream(new Ends(back.Reader, there.Writer)),
            new DuplexPipeStream(new Ends(there.Reader, back.Writer))
        );
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>A connection that takes nothing any more, while what came before can still be read.</summary>
    private sealed class DeafStream(Stream inner) : TestStream
    {
        public bool IsGone { get; set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => IsGone ? throw new IOException("Broken pipe") : inner.WriteAsync(buffer, cancellationToken);
    }
}
