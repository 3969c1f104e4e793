using Microsoft.AspNetCore.Connections.Features;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>Several endpoints of one cluster, and connections that an endpoint ends politely.</summary>
public class TalosEndpointTests
{
    private const string VersionPath = "/machine.MachineService/Version";
    private const string RebootPath = "/machine.MachineService/Reboot";

    private static readonly byte[] s_version = Wire.Nested(1, Wire.Nested(2, Wire.Text(1, "v1.12.4")));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_go_round()
    {
        await using RawTalosServer one = await StartAsync();
        await using RawTalosServer two = await StartAsync(one.Ca);
        await using TalosClient client = Connect(one, one.Endpoint, two.Endpoint);

        for (int i = 0; i < 10; i++)
            await client.Node("n").VersionAsync(Stop);

        Assert.Equal((5, 5), (one.Requests.Count, two.Requests.Count));
        Assert.Equal((1, 1), (one.Connections, two.Connections));
    }

    [Fact]
    public async Task An_endpoint_that_is_down_costs_no_call_and_is_left_alone_for_a_while()
    {
        RawTalosServer dead = await StartAsync();
        string address = dead.Endpoint;
        await using RawTalosServer alive = await StartAsync(dead.Ca);
        await dead.DisposeAsync();
        await using TalosClient client = Connect(alive, address, alive.Endpoint);

        for (int i = 0; i < 6; i++)
            await client.Node("n").VersionAsync(Stop);

        // A change too: it is known that nothing of it was sent.
        await client.Node("n").RebootAsync(cancellation: Stop);
        Assert.Equal(6, alive.Requests.Count(request => request.Path == VersionPath));
        Assert.Equal(1, alive.Requests.Count(request => request.Path == RebootPath));
    }

    [Fact]
    public async Task An_endpoint_that_goes_away_in_the_middle_is_replaced()
    {
        RawTalosServer one = await StartAsync();
        await using RawTalosServer two = await StartAsync(one.Ca);
        await using TalosClient client = Connect(one, one.Endpoint, two.Endpoint);
        for (int i = 0; i < 4; i++)
            await client.Node("n").VersionAsync(Stop);

        await one.DisposeAsync();

        for (int i = 0; i < 6; i++)
            await client.Node("n").VersionAsync(Stop);
        Assert.Equal(8, two.Requests.Count);
    }

    [Fact]
    public async Task All_endpoints_down_is_one_error_that_names_one()
    {
        RawTalosServer one = await StartAsync();
        RawTalosServer two = await StartAsync(one.Ca);
        await using TalosClient client = Connect(one, one.Endpoint, two.Endpoint);
        await one.DisposeAsync();
        await two.DisposeAsync();

        TsException error = await Assert.ThrowsAsync<TsException>(() => client.Node("ampone").VersionAsync(Stop));

        Assert.Equal("TalosConnectionRefused", error.ErrorId);
        Assert.Contains("127.0.0.1:", error.Message, StringComparison.Ordinal);
        Assert.Contains("'ampone'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_one_endpoint_refuses_is_not_tried_on_the_next()
    {
        await using RawTalosServer one = await StartAsync();
        await using RawTalosServer two = await StartAsync(one.Ca);
        TestCertificate stranger = TestPki.Client(TestPki.Ca());
        await using TalosClient client = TalosClient.Connect(
            one.Context(stranger, one.Endpoint, two.Endpoint),
            Options()
        );

        TsException error = await Assert.ThrowsAsync<TsException>(() => client.Node("n").VersionAsync(Stop));

        Assert.Equal("TalosClientCertificateRejected", error.ErrorId);
        Assert.Equal(1, one.Connections + two.Connections);
    }

    [Fact]
    public async Task After_GOAWAY_the_call_under_way_ends_well_and_the_next_has_a_new_connection()
    {
        await using RawTalosServer server = await StartAsync();
        server.On("/machine.MachineService/Logs", async call =>
        {
            await call.ReadAsync();
            await call.WriteAsync(Wire.Message(Wire.Bytes(2, "one\n"u8.ToArray())));

            // What a node says that stops apid: no new calls, those that run may end.
            call.Http.Features.Get<IConnectionLifetimeNotificationFeature>()!.RequestClose();
            await call.WriteAsync(Wire.Message(Wire.Bytes(2, "two\n"u8.ToArray())));
        });
        await using TalosClient client = Connect(server, server.Endpoint);
        for (int round = 1; round <= 10; round++)
        {
            Assert.Equal(["one", "two"], await client.Node("n").LogsAsync("x", cancellation: Stop).ToListAsync(Stop));

            // A call sent while the connection goes down may break, which is told as such; here it is gone by then.
            await ClosedAsync(client);
            await client.Node("n").RebootAsync(cancellation: Stop);
        }

        Assert.Equal(10, server.Requests.Count(request => request.Path == RebootPath));
        Assert.InRange(server.Connections, 2, 20);
        client.Options.Connections.Dispose();
        await ClosedAsync(client);
    }

    private static async Task ClosedAsync(TalosClient client)
    {
        while (client.Options.Connections.OpenSockets > 0)
            await Task.Delay(10, Stop);
    }

    private static async Task<RawTalosServer> StartAsync(TestCertificate? ca = null)
    {
        RawTalosServer server = await RawTalosServer.StartAsync(ca: ca);
        return server.On(VersionPath, s_version).On(RebootPath, Wire.Nested(1, Wire.Text(2, "actor")));
    }

    private static TalosClient Connect(RawTalosServer server, params string[] endpoints) =>
        TalosClient.Connect(server.Context(null, endpoints), Options());

    private static TalosClientOptions Options() =>
        new()
        {
            Connections = new TalosConnections(),
            ConnectTimeout = TimeSpan.FromMinutes(2),
            CallTimeout = TimeSpan.FromMinutes(2),
        };
}
