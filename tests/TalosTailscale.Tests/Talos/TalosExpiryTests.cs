using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>Certificates that end while a session lasts: an open connection goes on, the next one is told why not.</summary>
public class TalosExpiryTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_certificate_that_ends_in_the_middle_is_told_with_its_date_at_the_next_connection()
    {
        await using RawTalosServer server = await StartAsync();
        TestCertificate certificate = TestPki.Client(server.Ca);
        var clock = new MovableClock();
        await using TalosClient client = Connect(server, certificate, clock);
        TalosNodeClient node = client.Node("ampone");
        await node.VersionAsync(Stop);

        clock.Advance(TimeSpan.FromHours(2));
        await node.VersionAsync(Stop);
        Assert.Equal(1, server.Connections);

        client.Options.Connections.Dispose();
        TsException error = await Assert.ThrowsAsync<TsException>(() => node.VersionAsync(Stop));
        Assert.Same(TalosErrors.TalosClientCertificateExpired, error.Error);
        Assert.Contains(
            certificate
                .Certificate.NotAfter.ToUniversalTime()
                .ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture),
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(1, server.Connections);
        Assert.Equal(0, client.Options.Connections.OpenSockets);
    }

    [Fact]
    public async Task A_server_certificate_that_ends_in_the_middle_is_refused_at_the_next_connection()
    {
        await using RawTalosServer server = await StartAsync();

        // The client's own certificate lives on.
        TestCertificate certificate = TestPki.Issue(
            server.Ca,
            KeyKind.Ed25519,
            new TestCertificateOptions
            {
                Subject = "O=os:admin",
                NotAfter = DateTime.UtcNow.AddDays(1),
                Purpose = Org.BouncyCastle.Asn1.X509.KeyPurposeID.id_kp_clientAuth,
            }
        );
        var clock = new MovableClock();
        await using TalosClient client = Connect(server, certificate, clock);
        TalosNodeClient node = client.Node("ampone");
        await node.VersionAsync(Stop);

        clock.Advance(TimeSpan.FromHours(2));
        await node.VersionAsync(Stop);
        client.Options.Connections.Dispose();

        TsException error = await Assert.ThrowsAsync<TsException>(() => node.VersionAsync(Stop));
        Assert.Same(TalosErrors.TalosServerCertificateExpired, error.Error);
        while (client.Options.Connections.OpenSockets > 0)
            await Task.Delay(10, Stop);
    }

    private static async Task<RawTalosServer> StartAsync()
    {
        RawTalosServer server = await RawTalosServer.StartAsync();
        return server.On("/machine.MachineService/Version", Wire.Nested(1, Wire.Nested(2, Wire.Text(1, "v1.12.4"))));
    }

    private static TalosClient Connect(RawTalosServer server, TestCertificate certificate, TimeProvider clock) =>
        TalosClient.Connect(
            server.Context(certificate),
            new TalosClientOptions
            {
                Connections = new TalosConnections(),
                ConnectTimeout = TimeSpan.FromMinutes(2),
                Clock = clock,
            }
        );
}
