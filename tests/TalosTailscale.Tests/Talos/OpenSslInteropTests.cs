using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TalosTailscale.Core.Talos;
using TalosTailscale.Tests.Inventory;

namespace TalosTailscale.Tests.Talos;

/// <summary>The TLS of this module against OpenSSL's.</summary>
public class OpenSslInteropTests
{
    public static TheoryData<KeyKind, bool> Kinds =>
        new()
        {
            { KeyKind.Ed25519, true },
            { KeyKind.Ed25519, false },
            { KeyKind.EcdsaP256, true },
            { KeyKind.EcdsaP256, false },
            { KeyKind.EcdsaP384, true },
            { KeyKind.Rsa, true },
            { KeyKind.Rsa, false },
        };

    [Theory, MemberData(nameof(Kinds))]
    public async Task Our_client_and_an_s_server_that_requires_a_certificate(KeyKind kind, bool v13)
    {
        OpenSsl.Require();
        using CancellationTokenSource limit = OpenSsl.Limit();
        CancellationToken stop = limit.Token;
        using var folder = new TemporaryFolder();
        TestCertificate ca = TestPki.Ca(kind);
        TestCertificate server = TestPki.Server(ca, kind, "127.0.0.1");
        Write(folder, "ca.pem", ca.CertificatePem);
        Write(folder, "crt.pem", server.CertificatePem);
        Write(folder, "key.pem", server.Pkcs8Pem);
        int port = FreePort();
        using Process process = Start(
            "s_server",
            "-accept",
            $"127.0.0.1:{port}",
            "-cert",
            Path.Combine(folder.Path, "crt.pem"),
            "-key",
            Path.Combine(folder.Path, "key.pem"),
            "-CAfile",
            Path.Combine(folder.Path, "ca.pem"),
            "-Verify",
            "1",
            "-verify_return_error",
            "-alpn",
            "h2",
            "-rev",
            v13 ? "-tls1_3" : "-tls1_2"
        );
        try
        {
            await using Stream stream = await DialAsync(
                Context(ca, TestPki.Client(ca, kind), port),
                port,
                process,
                stop
            );
            await stream.WriteAsync(Encoding.ASCII.GetBytes("talos\n"), stop);
            byte[] answer = new byte[6];
            await stream.ReadExactlyAsync(answer, stop);
            Assert.Equal("solat\n", Encoding.ASCII.GetString(answer));
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task An_s_server_of_another_CA_is_refused()
    {
        OpenSsl.Require();
        using CancellationTokenSource limit = OpenSsl.Limit();
        CancellationToken stop = limit.Token;
        using var folder = new TemporaryFolder();
        TestCertificate other = TestPki.Ca();
        TestCertificate server = TestPki.Server(other, KeyKind.Ed25519, "127.0.0.1");
        Write(folder, "crt.pem", server.CertificatePem);
        Write(folder, "key.pem", server.Pkcs8Pem);
        int port = FreePort();
        using Process process = Start(
            "s_server",
            "-accept",
            $"127.0.0.1:{port}",
            "-cert",
            Path.Combine(folder.Path, "crt.pem"),
            "-key",
            Path.Combine(folder.Path, "key.pem"),
            "-quiet"
        );
        try
        {
            TestCertificate ca = TestPki.Ca();
            TalosDialException error = await Assert.ThrowsAsync<TalosDialException>(() =>
                DialAsync(Context(ca, TestPki.Client(ca), port), port, process, stop)
            );
            Assert.Same(TalosErrors.TalosServerNotTrusted, Assert.IsType<TsException>(error.InnerException).Error);
        }
        finally
        {
            process.Kill();
        }
    }

    // The server needs a moment until it listens: what is refused is tried again.
    private static async Task<Stream> DialAsync(
        TalosConfigContext context,
        int port,
        Process process,
        CancellationToken stop
    )
    {
        var dialer = new TalosDialer(
            new TalosEndpoint("127.0.0.1", port),
            TalosCredentials.Create(context),
            TimeSpan.FromMinutes(2),
            TimeProvider.System
        );
        while (true)
        {
            try
            {
                return await dialer.ConnectAsync(stop);
            }
            catch (TalosDialException e)
                when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                Assert.False(process.HasExited, "openssl ended by itself.");
                await Task.Delay(20, stop);
            }
        }
    }

    private static TalosConfigContext Context(TestCertificate ca, TestCertificate client, int port) =>
        TalosConfigFile.Parse(TestPki.TalosConfig(ca, client, $"127.0.0.1:{port}")).Context();

    private static void Write(TemporaryFolder folder, string name, string text) => folder.Write(name, text);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Process Start(params string[] arguments)
    {
        Process process = OpenSsl.Start(arguments);
        _ = process.StandardError.ReadToEndAsync();
        return process;
    }
}
