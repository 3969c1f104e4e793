using System.Text;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>
/// The connection is cut after every single HTTP/2 frame of a call, in both directions. Whatever the frame, the call
/// ends, claims nothing that was not done, does nothing twice that must not be, and the next call works.
/// </summary>
public class TalosCutTests
{
    private const string Service = "/machine.MachineService/";
    private const string Image = "registry.example/app:1";
    private const string Digest = "sha256:00112233";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ApplyConfiguration_is_done_at_most_once_and_says_when_that_is_not_known()
    {
        await using RawTalosServer server = await StartAsync();
        int applied = 0;
        server.On(Service + "ApplyConfiguration", async call =>
        {
            await call.ReadAsync();
            Interlocked.Increment(ref applied);
            await call.WriteAsync(
                Wire.Message(Wire.Nested(1, Wire.Number(3, 2), Wire.Text(4, "Applied configuration without a reboot")))
            );
        });

        // Longer than one frame, so that it is cut in its middle too.
        byte[] config = new byte[100_000];
        int unknown = 0,
            done = 0;
        await EveryCutAsync(server, async (node, cut) =>
        {
            Interlocked.Exchange(ref applied, 0);
            Exception? failure = await Record.ExceptionAsync(() =>
                node.ApplyConfigurationAsync(config, TalosApplyMode.NoReboot, cancellation: Stop)
            );

            Assert.True(Volatile.Read(ref applied) <= 1, $"Applied {applied} times: {cut}.");
            if (failure is null)
            {
                Assert.Equal(1, Volatile.Read(ref applied));
                done++;
                return;
            }

            var error = Assert.IsType<TsException>(failure);
            Assert.True(error.Error == TalosErrors.TalosConnectionLost, $"{cut}: {error}");
            Assert.Contains("is not known", error.Message, StringComparison.Ordinal);
            unknown++;
        });
        Assert.True(unknown > 5 && done > 0, $"{unknown} cuts left it open, {done} did not.");
    }

    [Fact]
    public async Task A_log_is_whole_or_ends_with_an_error_after_lines_that_are_whole()
    {
        await using RawTalosServer server = await StartAsync();
        byte[] log = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Range(0, 8000).Select(i => $"Zeile {i}: größer als eine\n"))
        );
        string[] lines = Encoding.UTF8.GetString(log).TrimEnd('\n').Split('\n');
        server.On(Service + "Logs", async call =>
        {
            await call.ReadAsync();

            // The length divides nothing: lines and characters are torn.
            foreach (byte[] part in log.Chunk(8009))
                await call.WriteAsync(Wire.Message(Wire.Bytes(2, part)));
        });
        int broken = 0,
            whole = 0;
        await EveryCutAsync(server, async (node, cut) =>
        {
            var seen = new List<string>();
            Exception? failure = await Record.ExceptionAsync(async () =>
            {
                await foreach (string line in node.LogsAsync("machined", cancellation: Stop))
                    seen.Add(line);
            });

            Assert.Equal(lines.Take(seen.Count), seen);
            if (failure is null)
            {
                Assert.Equal(lines.Length, seen.Count);
                whole++;
                return;
            }

            Assert.True(failure is TsException { ErrorId: "TalosConnectionLost" }, $"{cut}: {failure}");
            broken++;
        });
        Assert.True(broken > 10 && whole > 3, $"{broken} cuts broke it, {whole} did not.");
    }

    [Theory]
    [InlineData("v1.12.4")]
    [InlineData("v1.13.9")]
    public async Task An_image_is_said_to_be_pulled_only_when_it_was(string version)
    {
        await using RawTalosServer server = await StartAsync(version);
        int pulled = 0;
        var node = new PullingNode(
            server,
            () => Interlocked.Increment(ref pulled),
            () => Volatile.Read(ref pulled) > 0
        );
        node.Serve();
        int failed = 0,
            done = 0;
        await EveryCutAsync(server, async (client, cut) =>
        {
            Interlocked.Exchange(ref pulled, 0);
            TalosImagePull? result = null;
            Exception? failure = await Record.ExceptionAsync(async () =>
                result = await client.ImagePullAsync(Image, cancellation: Stop)
            );
            if (failure is null)
            {
                // Either at once or by an honest second try.
                Assert.InRange(Volatile.Read(ref pulled), 1, 2);
                Assert.Equal((true, Digest), (result!.Pulled, result.Digest));
                done++;
                return;
            }

            Assert.True(failure is TsException { ErrorId: "TalosConnectionLost" }, $"{cut}: {failure}");
            failed++;
        });
        Assert.True(done > 0, $"{failed} cuts broke it, {done} did not.");
    }

    [Fact]
    public async Task A_pull_that_ends_without_a_name_is_no_success()
    {
        await using RawTalosServer server = await StartAsync("v1.13.9");
        server.On("/machine.ImageService/List", []);
        server.On("/machine.ImageService/Pull", PullingNode.Progress(10));
        await using TalosClient client = Connect(server, FrameCut.None);
        TsException error = await Assert.ThrowsAsync<TsException>(() =>
            client.Node("n").ImagePullAsync(Image, cancellation: Stop)
        );
        Assert.Equal("TalosProtocolViolation", error.ErrorId);
    }

    [Fact]
    public async Task A_handshake_may_break_anywhere()
    {
        await using RawTalosServer server = await StartAsync();
        int total = 0;
        server.Tap = (stream, hangUp) =>
            new ByteCut(stream, hangUp, int.MaxValue, count => Interlocked.Add(ref total, count));
        await using (TalosClient client = Connect(server, FrameCut.None))
            await client.Node("n").VersionAsync(Stop);
        Assert.True(total > 500);
        for (int last = 0; last < 500; last += 29)
        {
            int after = last;
            server.Tap = (stream, hangUp) => new ByteCut(stream, hangUp, after, _ => { });
            await using TalosClient client = Connect(server, FrameCut.None);
            TsException error = await Assert.ThrowsAsync<TsException>(() => client.Node("n").VersionAsync(Stop));
            Assert.True(error.Error == TalosErrors.TalosConnectionLost, $"{after} bytes: {error}");
        }
    }

    /// <summary>Runs a call uncut to see how many frames there are, then once for each of them and each direction.</summary>
    private static async Task EveryCutAsync(RawTalosServer server, Func<TalosNodeClient, FrameCut, Task> run)
    {
        FrameCut all = FrameCut.None;
        await using (TalosClient client = Connect(server, all))
            await run(client.Node("n"), all);
        (int clientFrames, int serverFrames) = all.Seen;
        Assert.True(clientFrames > 3 && serverFrames > 3, $"{all.Seen}");
        IEnumerable<FrameCut> cuts = Enumerable
            .Range(0, clientFrames)
            .Select(last => new FrameCut(false, last))
            .Concat(Enumerable.Range(0, serverFrames + 1).Select(last => new FrameCut(true, last)));
        foreach (FrameCut cut in cuts)
        {
            await using TalosClient client = Connect(server, cut);
            await run(client.Node("n"), cut);

            // The pool has noticed: what comes next is on a good connection.
            await client.Node("n").VersionAsync(Stop);
        }
    }

    private static TalosClient Connect(RawTalosServer server, FrameCut cut)
    {
        server.Cut = cut;
        return TalosClient.Connect(
            server.Context(),
            new TalosClientOptions
            {
                Connections = new TalosConnections(),
                ConnectTimeout = TimeSpan.FromMinutes(2),
                CallTimeout = TimeSpan.FromMinutes(2),
            }
        );
    }

    private static async Task<RawTalosServer> StartAsync(string version = "v1.12.4")
    {
        RawTalosServer server = await RawTalosServer.StartAsync();
        return server.On(Service + "Version", Wire.Nested(1, Wire.Nested(2, Wire.Text(1, version))));
    }

    /// <summary>A node's images, old calls and new, by their published numbers.</summary>
    private sealed class PullingNode(RawTalosServer server, Action pull, Func<bool> isThere)
    {
        public void Serve()
        {
            byte[] listed = Wire.Message(Wire.Text(1, Image), Wire.Text(2, Digest), Wire.Number(3, 30));
            byte[] listedOld = Wire.Message(Wire.Text(2, Image), Wire.Text(3, Digest), Wire.Number(4, 30));
            server.On("/machine.ImageService/List", call => ListAsync(call, listed));
            server.On(Service + "ImageList", call => ListAsync(call, listedOld));
            server.On(Service + "ImagePull", async call =>
            {
                await call.ReadAsync();
                pull();
                await call.WriteAsync(Wire.Nested(1));
            });
            server.On("/machine.ImageService/Pull", async call =>
            {
                await call.ReadAsync();
                foreach (ulong offset in (ulong[])[10, 20, 30])
                    await call.WriteAsync(Progress(offset));
                pull();
                await call.WriteAsync(Wire.Text(1, $"registry.example/app@{Digest}"));
            });
        }

        public static byte[] Progress(ulong offset) =>
            Wire.Nested(2, Wire.Text(1, "sha256:aa"), Wire.Nested(2, Wire.Number(3, offset), Wire.Number(4, 30)));

        private async Task ListAsync(RawCall call, byte[] listed)
        {
            await call.ReadAsync();
            if (isThere())
                await call.WriteAsync(listed);
        }
    }

    /// <summary>Lets so many bytes of the server through and then ends the connection.</summary>
    private sealed class ByteCut(Stream inner, Func<Task> hangUp, int last, Action<int> written) : TestStream
    {
        private int _left = last;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            int passed = Math.Min(_left, buffer.Length);
            _left -= passed;
            written(passed);
            if (passed > 0)
                await inner.WriteAsync(buffer[..passed], cancellationToken);
            await inner.FlushAsync(cancellationToken);
            if (passed == buffer.Length)
                return;
            await hangUp();
            throw new IOException("The test cut the connection.");
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
    }
}
