using System.ComponentModel;
using System.Diagnostics;
using TalosTailscale.Lab.Pki;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>A TLS client that is not ours reaches the lab: openssl, with the client certificate that the lab demands.</summary>
public sealed class LabOpenSslTests
{
    [Theory]
    [InlineData("-tls1_3")]
    [InlineData("-tls1_2")]
    public async Task Openssl_gets_in_with_an_Ed25519_certificate(string protocol)
    {
        await using var lab = await TalosLab.StartAsync();
        var client = lab.Api.Authority.IssueClient(["os:reader"]);

        var output = await SClientAsync(lab, client, protocol);

        Assert.Contains("Verification: OK", output, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: h2", output, StringComparison.Ordinal);
        Assert.DoesNotContain("alert", output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Without_a_certificate_openssl_is_told_that_one_is_required()
    {
        await using var lab = await TalosLab.StartAsync();

        Assert.Contains(
            "certificate required",
            await SClientAsync(lab, null, "-tls1_3"),
            StringComparison.OrdinalIgnoreCase
        );
    }

    [Fact]
    public async Task An_expired_certificate_is_told_so()
    {
        await using var lab = await TalosLab.StartAsync();
        var now = DateTimeOffset.UtcNow;
        var expired = lab.Api.Authority.IssueClient(["os:admin"], now.AddDays(-2), now.AddDays(-1));

        Assert.Contains(
            "certificate expired",
            await SClientAsync(lab, expired, "-tls1_3"),
            StringComparison.OrdinalIgnoreCase
        );
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_told_so()
    {
        await using var lab = await TalosLab.StartAsync();
        var other = LabAuthority.Create().IssueClient(["os:admin"]);

        Assert.Contains("unknown ca", await SClientAsync(lab, other, "-tls1_3"), StringComparison.OrdinalIgnoreCase);
    }

    // The HTTP/2 preface makes the server answer, so that an alert on the certificate arrives before the end.
    private static async Task<string> SClientAsync(TalosLab lab, LabCertificate? client, string protocol)
    {
        var folder = Directory.CreateDirectory(Path.Combine(lab.Cluster.Folder, "openssl")).FullName;
        var ca = Path.Combine(folder, "ca.pem");
        await File.WriteAllTextAsync(ca, lab.Api.Authority.Certificate.CertificatePem, Stop);
        var start = new ProcessStartInfo(
            "openssl",
            ["s_client", "-connect", lab.Api.Endpoint, "-CAfile", ca, "-alpn", "h2", protocol, "-ign_eof"]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (client is not null)
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, "client.pem"),
                client.CertificatePem + client.Pkcs8Pem,
                Stop
            );
            start.ArgumentList.Add("-cert");
            start.ArgumentList.Add(Path.Combine(folder, "client.pem"));
        }

        using var process = Start(start);
        var error = process.StandardError.ReadToEndAsync(Stop);
        await process.StandardInput.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0");
        await process.StandardInput.FlushAsync(Stop);
        var seen = new System.Text.StringBuilder();
        var buffer = new char[4096];
        for (int count; (count = await process.StandardOutput.ReadAsync(buffer, Stop)) > 0; )
        {
            seen.Append(buffer, 0, count);

            // The session details end what openssl says of a handshake that went well.
            if (
                client is not null
                && seen.ToString().Contains("Verify return code", StringComparison.Ordinal)
                && seen.ToString().Contains("\0\0", StringComparison.Ordinal)
            )
                break;
        }

        process.StandardInput.Close();
        process.Kill();
        return seen + await error;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("openssl is not there.");
            throw;
        }
    }
}
