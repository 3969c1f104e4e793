using Org.BouncyCastle.Tls;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>The client against an endpoint of bytes: TLS, metadata, numbers, streams.</summary>
public class TalosClientTests
{
    private const string VersionPath = "/machine.MachineService/Version";

    private static readonly byte[] s_version = Wire.Nested(
        1,
        Wire.Nested(2, Wire.Text(1, "v1.12.4"), Wire.Text(2, "abc"), Wire.Text(6, "arm64")),
        Wire.Nested(3, Wire.Text(1, "metal"))
    );

    [Theory]
    [InlineData(KeyKind.Ed25519, true)]
    [InlineData(KeyKind.Ed25519, false)]
    [InlineData(KeyKind.EcdsaP256, true)]
    [InlineData(KeyKind.EcdsaP256, false)]
    [InlineData(KeyKind.EcdsaP384, true)]
    [InlineData(KeyKind.Rsa, true)]
    [InlineData(KeyKind.Rsa, false)]
    public async Task Version_over_every_kind_of_key_and_both_protocol_versions(KeyKind kind, bool v13)
    {
        ProtocolVersion version = v13 ? ProtocolVersion.TLSv13 : ProtocolVersion.TLSv12;
        await using RawTalosServer server = await RawTalosServer.StartAsync(kind, [version]);
        server.On(VersionPath, s_version);
        await using TalosClient client = Connect(server, server.Context(TestPki.Client(server.Ca, kind)));

        TalosVersion answer = await client
            .Node("192.168.1.203", "ampone")
            .VersionAsync(TestContext.Current.CancellationToken);

        Assert.Equal("v1.12.4", answer.Tag);
        Assert.Equal(new Version(1, 12, 4), answer.Version);
        Assert.Equal(TalosArchitecture.Arm64, answer.Architecture);
        Assert.Equal("metal", answer.Platform);
        Assert.Equal("ampone", answer.Node);
        Assert.True(server.Requests.TryPeek(out var request));
        Assert.Equal("192.168.1.203", request.Headers["node"].ToString());
        Assert.Equal("Talos", request.Headers["runtime"].ToString());
        Assert.False(request.Headers.ContainsKey("nodes"));
    }

    [Fact]
    public async Task Many_calls_at_once_share_one_connection()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync();
        server.On(VersionPath, s_version);
        await using TalosClient client = Connect(server);

        await Task.WhenAll(
            Enumerable
                .Range(0, 500)
                .Select(i => client.Node($"10.0.0.{i}").VersionAsync(TestContext.Current.CancellationToken))
        );

        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_large_stream_and_uploads_on_one_connection_do_not_block_each_other()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        byte[] part = new byte[1 << 20];
        Random.Shared.NextBytes(part);
        await using RawTalosServer server = await RawTalosServer.StartAsync();
        server.On("/machine.MachineService/Read", [.. Enumerable.Repeat(Wire.Message(Wire.Bytes(2, part)), 8)]);
        server.On("/machine.MachineService/ApplyConfiguration", Wire.Nested(1, Wire.Number(3, 2), Wire.Text(4, "ok")));
        await using TalosClient client = Connect(server);
        TalosNodeClient node = client.Node("n");

        async Task<long> ReadAll()
        {
            await using Stream stream = await node.ReadAsync("/big", stop);
            var all = new MemoryStream();
            await stream.CopyToAsync(all, stop);
            return all.Length;
        }

        Task<long>[] reads = [.. Enumerable.Range(0, 3).Select(_ => ReadAll())];
        Task<TalosApplyResult>[] writes =
        [
            .. Enumerable
                .Range(0, 8)
                .Select(_ =>
                    node.ApplyConfigurationAsync(new byte[2 << 20], TalosApplyMode.NoReboot, cancellation: stop)
                ),
        ];

        Assert.All(await Task.WhenAll(reads), length => Assert.Equal(8L << 20, length));
        Assert.All(await Task.WhenAll(writes), result => Assert.Equal(TalosApplyMode.NoReboot, result.Mode));
    }

    private static TalosClient Connect(RawTalosServer server, TalosConfigContext? context = null) =>
        TalosClient.Connect(
            context ?? server.Context(),
            new TalosClientOptions { Connections = new TalosConnections(), ConnectTimeout = TimeSpan.FromMinutes(2) }
        );
}
