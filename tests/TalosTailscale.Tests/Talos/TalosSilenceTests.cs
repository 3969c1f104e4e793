using System.Net;
using System.Net.Sockets;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>A server that says nothing, at every stage of a call: the call ends by its own clock and the socket is given back.</summary>
public class TalosSilenceTests
{
    private const string VersionPath = "/machine.MachineService/Version";

    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accepts_and_never_speaks()
    {
        TestCertificate ca = TestPki.Ca();
        await using var server = new SilentServer((_, _) => Task.CompletedTask);
        await using TalosClient client = Connect(server.Context(ca), s_short, s_long);

        Assert.Equal("TalosConnectionFailed", (await FailAsync(client.Node("n").VersionAsync(Stop))).ErrorId);
        await ClosedAsync(client);
    }

    [Fact]
    public async Task Shakes_hands_and_never_speaks_HTTP()
    {
        TestCertificate ca = TestPki.Ca();
        await using var server = new SilentServer(
            async (stream, stop) =>
                await TestTlsServer.AcceptAsync(
                    stream,
                    new TestTlsServer(TestPki.Server(ca, KeyKind.Ed25519, "127.0.0.1"), ca),
                    stop
                )
        );
        await using TalosClient client = Connect(server.Context(ca), s_long, TimeSpan.FromSeconds(2));

        Assert.Equal("TalosTimeout", (await FailAsync(client.Node("n").VersionAsync(Stop))).ErrorId);
        await ClosedAsync(client);
    }

    [Fact]
    public async Task Takes_a_call_and_never_answers_it()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync();
        server.On(VersionPath, call => Task.Delay(Timeout.Infinite, call.Aborted));
        server.On("/machine.MachineService/Reboot", call => Task.Delay(Timeout.Infinite, call.Aborted));
        await using TalosClient client = Connect(server.Context(), s_long, TimeSpan.FromSeconds(2));

        TsException read = await FailAsync(client.Node("n").VersionAsync(Stop));
        Assert.Equal("TalosTimeout", read.ErrorId);
        Assert.DoesNotContain("not known", read.Message, StringComparison.Ordinal);

        // Nothing has come back on that connection: it may be dead, so another one is made.
        TsException change = await FailAsync(client.Node("n").RebootAsync(cancellation: Stop));
        Assert.Equal("TalosTimeout", change.ErrorId);
        Assert.Contains("whether it was done is not known", change.Message, StringComparison.Ordinal);
        Assert.Equal(2, server.Connections);
        await ClosedAsync(client);
    }

    [Fact]
    public async Task A_stream_that_never_begins()
    {
        await using RawTalosServer server = await RawTalosServer.StartAsync();
        server.On("/cosi.resource.State/List", call => Task.Delay(Timeout.Infinite, call.Aborted));
        await using TalosClient client = Connect(server.Context(), s_long, s_long, TimeSpan.FromSeconds(2));

        Assert.Equal("TalosTimeout", (await FailAsync(client.Node("n").ExtensionsAsync(Stop))).ErrorId);
        await ClosedAsync(client);
    }

    [Fact]
    public async Task Ctrl_C_ends_each_of_them()
    {
        TestCertificate ca = TestPki.Ca();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await using var mute = new SilentServer((_, _) => stop.CancelAsync());
        await using TalosClient client = Connect(mute.Context(ca), s_long, s_long);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.Node("n").VersionAsync(stop.Token));
        await ClosedAsync(client);

        await using RawTalosServer server = await RawTalosServer.StartAsync();
        using var second = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        server.On(VersionPath, async call =>
        {
            await second.CancelAsync();
            await Task.Delay(Timeout.Infinite, call.Aborted);
        });
        await using TalosClient other = Connect(server.Context(), s_long, s_long);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other.Node("n").VersionAsync(second.Token));
    }

    private static async Task<TsException> FailAsync(Task call) => await Assert.ThrowsAsync<TsException>(() => call);

    private static async Task ClosedAsync(TalosClient client)
    {
        client.Options.Connections.Dispose();
        while (client.Options.Connections.OpenSockets > 0)
            await Task.Delay(10, Stop);
    }

    private static TalosClient Connect(
        TalosConfigContext context,
        TimeSpan connect,
        TimeSpan call,
        TimeSpan? stall = null
    ) =>
        TalosClient.Connect(
            context,
            new TalosClientOptions
            {
                Connections = new TalosConnections(),
                ConnectTimeout = connect,
                CallTimeout = call,
                StallTimeout = stall ?? s_long,
            }
        );

    /// <summary>Accepts connections, does one thing with each and then holds it open.</summary>
    private sealed class SilentServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _accepting;

        public SilentServer(Func<Stream, CancellationToken, Task> greet)
        {
            _listener.Start();
            _accepting = AcceptAsync(greet);
        }

        public TalosConfigContext Context(TestCertificate ca) =>
            TalosConfigFile
                .Parse(
                    TestPki.TalosConfig(
                        ca,
                        TestPki.Client(ca),
                        $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"
                    )
                )
                .Context();

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _accepting;
            _stop.Dispose();
        }

        private async Task AcceptAsync(Func<Stream, CancellationToken, Task> greet)
        {
            var open = new List<TcpClient>();
            try
            {
                while (true)
                {
                    TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                    open.Add(client);
                    await greet(client.GetStream(), _stop.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
            {
                // The test is over, or the client has left.
            }
            finally
            {
                foreach (TcpClient client in open)
                    client.Dispose();
            }
        }
    }
}
