using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using TalosTailscale.Lab.Pki;
using TalosTailscale.Tests.Inventory;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>
/// OpenSSL's client on this project's TLS server: the handshake with a client certificate, and then a whole call, byte
/// by byte, so that data is seen to go both ways.
/// </summary>
public class OpenSslClientTests
{
    private const int DataFrame = 0;
    private const int HeadersFrame = 1;
    private const int SettingsFrame = 4;
    private const int ResetFrame = 3;
    private const int GoAwayFrame = 7;
    private const int EndStream = 1;
    private const int EndHeaders = 4;

    public static TheoryData<LabKeyAlgorithm, string> Kinds =>
        new()
        {
            { LabKeyAlgorithm.Ed25519, "-tls1_3" },
            { LabKeyAlgorithm.Ed25519, "-tls1_2" },
            { LabKeyAlgorithm.EcdsaP256, "-tls1_3" },
            { LabKeyAlgorithm.EcdsaP256, "-tls1_2" },
            { LabKeyAlgorithm.Rsa, "-tls1_3" },
            { LabKeyAlgorithm.Rsa, "-tls1_2" },
        };

    [Theory, MemberData(nameof(Kinds))]
    public async Task An_s_client_with_a_certificate_makes_a_call(LabKeyAlgorithm kind, string protocol)
    {
        OpenSsl.Require();
        using CancellationTokenSource limit = OpenSsl.Limit();
        await using TalosLab lab = await StartAsync(kind);
        using var folder = new TemporaryFolder();
        using Process process = Connect(lab, folder, lab.Api.Authority.IssueClient(["os:reader"]), protocol);
        Task<string> said = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            Stream input = process.StandardInput.BaseStream;
            await input.WriteAsync(Request("/machine.MachineService/Version"), limit.Token);
            await input.FlushAsync(limit.Token);

            List<Frame> frames = await ReadAsync(process.StandardOutput.BaseStream, limit.Token);

            Assert.Equal(SettingsFrame, frames[0].Type);
            Frame answer = Assert.Single(frames, frame => frame is { Type: DataFrame, Body.Length: > 0 });
            Assert.Contains("v1.12.4", Encoding.Latin1.GetString(answer.Body), StringComparison.Ordinal);
            Assert.Contains("grpc-status", Encoding.Latin1.GetString(frames[^1].Body), StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
        }

        // What it says of the chain ends with the leaf; -verify_return_error would have ended it before.
        Assert.Contains("verify return:1", await said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_openssl_ends_the_lab_sees_end()
    {
        OpenSsl.Require();
        using CancellationTokenSource limit = OpenSsl.Limit();
        await using TalosLab lab = await StartAsync(LabKeyAlgorithm.Ed25519);
        using var folder = new TemporaryFolder();
        using Process process = Connect(lab, folder, lab.Api.Authority.IssueClient(["os:reader"]), "-tls1_3");
        Task<string> said = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            Stream input = process.StandardInput.BaseStream;
            await input.WriteAsync(Request("/machine.MachineService/Version"), limit.Token);
            await input.FlushAsync(limit.Token);
            await ReadAsync(process.StandardOutput.BaseStream, limit.Token);
            Assert.Equal(1, lab.Api.OpenConnections);
        }
        finally
        {
            process.Kill();
        }

        await said;
        await process.WaitForExitAsync(limit.Token);
        while (lab.Api.OpenConnections > 0)
            await Task.Delay(10, limit.Token);
    }

    private static async Task<TalosLab> StartAsync(LabKeyAlgorithm kind)
    {
        TalosLab lab = await TalosLab.StartAsync();
        lab.Api.Authority = LabAuthority.Create(kind);
        lab.Api.ServerCertificate = lab.Api.Authority.IssueServer("lab", ["127.0.0.1"]);
        return lab;
    }

    private static Process Connect(TalosLab lab, TemporaryFolder folder, LabCertificate client, string protocol)
    {
        folder.Write("ca.pem", lab.Api.Authority.Certificate.CertificatePem);
        folder.Write("client.pem", client.CertificatePem + client.Pkcs8Pem);
        string pem = Path.Combine(folder.Path, "client.pem");
        return OpenSsl.Start(
            "s_client",
            "-connect",
            lab.Api.Endpoint,
            "-CAfile",
            Path.Combine(folder.Path, "ca.pem"),
            "-cert",
            pem,
            "-key",
            pem,
            "-verify_return_error",
            "-verify_ip",
            "127.0.0.1",
            "-alpn",
            "h2",
            "-quiet",
            "-nocommands",
            protocol
        );
    }

    /// <summary>A call without content, as RFC 9113 and RFC 7541 write it: no compression, no table.</summary>
    private static byte[] Request(string path)
    {
        byte[] headers =
        [
            .. Header(":method", "POST"),
            .. Header(":scheme", "https"),
            .. Header(":path", path),
            .. Header(":authority", "lab"),
            .. Header("te", "trailers"),
            .. Header("content-type", "application/grpc"),
            .. Header("node", "192.168.1.203"),
        ];
        return
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
            .. Write(SettingsFrame, 0, 0, []),
            .. Write(HeadersFrame, EndHeaders, 1, headers),
            .. Write(DataFrame, EndStream, 1, new byte[5]),
        ];
    }

    private static byte[] Header(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private static byte[] Write(int type, int flags, int stream, byte[] body)
    {
        byte[] frame = new byte[9 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, (body.Length << 8) | type);
        frame[4] = (byte)flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        body.CopyTo(frame, 9);
        return frame;
    }

    private static async Task<List<Frame>> ReadAsync(Stream stream, CancellationToken stop)
    {
        var frames = new List<Frame>();
        while (frames.Count == 0 || frames[^1] is not { Stream: 1, IsLast: true })
        {
            byte[] head = new byte[9];
            await stream.ReadExactlyAsync(head, stop);
            byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
            await stream.ReadExactlyAsync(body, stop);
            if (head[3] is ResetFrame or GoAwayFrame)
                Assert.Fail($"The server ended the call by frame {head[3]}: {Convert.ToHexString(body)}.");
            bool last = head[3] is DataFrame or HeadersFrame && (head[4] & EndStream) != 0;
            frames.Add(new Frame(head[3], last, BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), body));
        }

        return frames;
    }

    private sealed record Frame(int Type, bool IsLast, int Stream, byte[] Body);
}
