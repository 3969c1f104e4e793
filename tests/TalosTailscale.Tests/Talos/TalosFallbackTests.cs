using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>The services of 1.13 where a node's version promises them but the node has none: the older calls do it.</summary>
public class TalosFallbackTests
{
    private const string Image = "registry.example/app:1";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Images_are_listed_and_pulled_by_the_machine_service()
    {
        await using RawTalosServer server = await StartAsync();
        bool there = false;
        server.On("/machine.MachineService/ImageList", async call =>
        {
            // namespace 1 = NS_CRI 2
            Assert.Equal([8, 2], await call.ReadAsync());
            if (there)
                await call.WriteAsync(Wire.Message(Wire.Text(2, Image), Wire.Text(3, "sha256:aa"), Wire.Number(4, 7)));
        });
        server.On("/machine.MachineService/ImagePull", async call =>
        {
            await call.ReadAsync();
            there = true;
            await call.WriteAsync(Wire.Nested(1));
        });
        await using TalosClient client = Connect(server);

        TalosImagePull pull = await client.Node("n").ImagePullAsync(Image, cancellation: Stop);

        Assert.Equal((true, "sha256:aa", 7L), (pull.Pulled, pull.Digest, pull.Size));
        Assert.Equal(
            1,
            server.Requests.Count(request =>
                request.Path.StartsWith("/machine.ImageService/", StringComparison.Ordinal)
            )
        );
    }

    [Fact]
    public async Task An_upgrade_is_done_by_the_machine_service()
    {
        await using RawTalosServer server = await StartAsync();
        server.On("/machine.ImageService/Pull", Wire.Text(1, "factory.example/installer@sha256:aa"));
        byte[]? request = null;
        server.On("/machine.MachineService/Upgrade", async call =>
        {
            request = await call.ReadAsync();
            await call.WriteAsync(Wire.Nested(1, Wire.Text(2, "Upgrade request received"), Wire.Text(3, "actor")));
        });
        await using TalosClient client = Connect(server);

        bool restarts = await client.Node("n").UpgradeAsync("factory.example/installer:v1.13.9", cancellation: Stop);

        Assert.True(restarts);

        // image 1, preserve 2, reboot_mode 5 = POWERCYCLE 1
        Assert.Equal(
            Wire.Message(Wire.Text(1, "factory.example/installer:v1.13.9"), Wire.Number(2, 1), Wire.Number(5, 1)),
            request
        );
    }

    [Fact]
    public async Task The_new_services_get_the_published_numbers()
    {
        await using RawTalosServer server = await StartAsync();
        byte[]? pulled = null,
            upgraded = null;
        server.On("/machine.ImageService/Pull", async call =>
        {
            pulled = await call.ReadAsync();
            await call.WriteAsync(Wire.Text(1, "factory.example/installer@sha256:aa"));
        });
        server.On("/machine.LifecycleService/Upgrade", async call =>
        {
            upgraded = await call.ReadAsync();
            await call.WriteAsync(Wire.Nested(1, Wire.Text(1, "installing")));
            await call.WriteAsync(Wire.Nested(1, Wire.Number(2, 0)));
        });
        await using TalosClient client = Connect(server);

        Assert.False(await client.Node("n").UpgradeAsync("factory.example/installer:v1.13.9", cancellation: Stop));

        // containerd 1 { driver 1 = CRI 1, namespace 2 = NS_SYSTEM 1 }, image_ref 3
        byte[] system = Wire.Nested(1, Wire.Number(1, 1), Wire.Number(2, 1));
        Assert.Equal(Wire.Message(system, Wire.Text(3, "factory.example/installer:v1.13.9")), pulled);

        // source 2 { image_name 1 }
        Assert.Equal(Wire.Message(system, Wire.Nested(2, Wire.Text(1, "factory.example/installer:v1.13.9"))), upgraded);
    }

    [Fact]
    public async Task An_installer_that_fails_is_a_failure_although_the_call_ends_well()
    {
        await using RawTalosServer server = await StartAsync();
        server.On("/machine.ImageService/Pull", Wire.Text(1, "factory.example/installer@sha256:aa"));
        server.On(
            "/machine.LifecycleService/Upgrade",
            Wire.Nested(1, Wire.Text(1, "no space left")),
            Wire.Nested(1, Wire.Number(2, 1))
        );
        await using TalosClient client = Connect(server);

        TsException error = await Assert.ThrowsAsync<TsException>(() =>
            client.Node("n").UpgradeAsync("factory.example/installer:v1.13.9", cancellation: Stop)
        );

        Assert.Equal("TalosUpgradeFailed", error.ErrorId);
        Assert.Contains("exit code 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("no space left", error.Message, StringComparison.Ordinal);
    }

    private static async Task<RawTalosServer> StartAsync()
    {
        RawTalosServer server = await RawTalosServer.StartAsync();
        return server.On("/machine.MachineService/Version", Wire.Nested(1, Wire.Nested(2, Wire.Text(1, "v1.13.9"))));
    }

    private static TalosClient Connect(RawTalosServer server) =>
        TalosClient.Connect(
            server.Context(),
            new TalosClientOptions
            {
                Connections = new TalosConnections(),
                ConnectTimeout = TimeSpan.FromMinutes(2),
                CallTimeout = TimeSpan.FromMinutes(2),
            }
        );
}
