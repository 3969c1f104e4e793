using System.Security.Cryptography;
using System.Text;
using k8s;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

public sealed class HelperPodTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Streams_and_exit_code_come_through(bool onlyV4)
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.OnlyV4 = onlyV4;
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        using var input = new MemoryStream(Encoding.UTF8.GetBytes("ten bytes!"));
        var (code, output, errors) = await RunAsync(pod, ["sh", "-c", "head -c 10; echo oops >&2; exit 7"], input);
        Assert.Equal((7, "ten bytes!", "oops\n"), (code, output, errors));
    }

    [Fact]
    public async Task End_of_input_reaches_the_command_on_v5()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        using var input = new MemoryStream(new byte[300_000]);
        var (code, output, _) = await RunAsync(pod, ["sh", "-c", "cat | wc -c"], input);
        Assert.Equal((0, "300000"), (code, output.Trim()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Megabytes_arrive_whole_in_both_directions_at_once(bool onlyV4)
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.OnlyV4 = onlyV4;
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        var data = RandomNumberGenerator.GetBytes(5_000_001);
        using var output = new MemoryStream();
        using var errors = new MemoryStream();
        // Much on stderr while stdout is full is what makes careless streams hang.
        var code = await pod.ExecAsync(
            ["sh", "-c", "head -c \"$0\" | tee /dev/stderr", "5000001"],
            new MemoryStream(data),
            output,
            errors,
            Token
        );
        Assert.Equal(0, code);
        Assert.Equal(SHA256.HashData(data), SHA256.HashData(output.ToArray()));
        Assert.Equal(SHA256.HashData(data), SHA256.HashData(errors.ToArray()));
    }

    [Theory]
    [InlineData("head -c 10 >/dev/null; exit 3", 60_000)] // a pipe takes what is left
    [InlineData("head -c 10 >/dev/null; cat >/dev/null; exit 3", 5_000_000)]
    public async Task A_command_that_reads_its_input_to_the_end_ends_the_call(string script, int bytes)
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        var (code, _, _) = await RunAsync(pod, ["sh", "-c", script], new ZeroStream(bytes));
        Assert.Equal(3, code);
    }

    [Fact]
    public async Task A_command_that_leaves_its_input_unread_is_told_as_stalled()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        connection.ExecStallLimit = TimeSpan.FromSeconds(3);
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        var stalled = await Assert.ThrowsAsync<TsException>(() =>
            RunAsync(pod, ["sh", "-c", "head -c 10 >/dev/null; exit 3"], new ZeroStream(long.MaxValue))
        );
        Assert.Equal("ExecStalled", stalled.Error.Id);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_what_is_sent()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        async Task<long> AllocatedAsync(int megabytes)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var (code, _, _) = await RunAsync(
                pod,
                ["head", "-c", $"{megabytes}000000"],
                new ZeroStream(megabytes * 1_000_000L),
                Stream.Null
            );
            Assert.Equal(0, code);
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }
        await AllocatedAsync(1);
        // Client and server are both in this process, and other tests allocate beside: they only ever add, so the least
        // of a few is the nearest, and far less than what passed through is enough.
        var costs = new List<long>();
        while (costs.Count < 8 && (costs.Count == 0 || costs.Min() >= 30_000_000))
            costs.Add(await AllocatedAsync(60));
        Assert.True(costs.Min() < 30_000_000, $"60 MB cost {string.Join(", ", costs)} bytes");
    }

    [Fact]
    public async Task Arguments_are_not_looked_at_by_a_shell()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        const string nasty = "a b'c\"d$HOME `id` &?=#%20\né;*";
        var (_, output, _) = await RunAsync(pod, ["printf", "%s", nasty], null);
        Assert.Equal(nasty, output);
    }

    [Fact]
    public async Task The_pod_is_what_a_privileged_helper_should_be()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(
            connection,
            KubeLab.Spec() with
            {
                Purpose = "uki-swap",
            },
            Token
        );
        var made = await connection.Api.CoreV1.ReadNamespacedPodAsync(
            pod.Name,
            "kube-system",
            cancellationToken: Token
        );
        Assert.Equal(KubeLab.Node, made.Spec.NodeName);
        Assert.Equal("Never", made.Spec.RestartPolicy);
        Assert.Equal(3600, made.Spec.ActiveDeadlineSeconds);
        Assert.False(made.Spec.AutomountServiceAccountToken);
        Assert.NotEqual(true, made.Spec.HostPID);
        Assert.Equal("Exists", Assert.Single(made.Spec.Tolerations).OperatorProperty);
        var volume = Assert.Single(made.Spec.Volumes);
        Assert.Equal(("/dev", "Directory"), (volume.HostPath.Path, volume.HostPath.Type));
        Assert.True(Assert.Single(made.Spec.Containers).SecurityContext.Privileged);
        Assert.Equal("talos-tailscale", made.Metadata.Labels["app.kubernetes.io/managed-by"]);
        Assert.Equal("uki-swap", made.Metadata.Labels["talos-tailscale/purpose"]);
        Assert.Equal(
            $"{Environment.UserName}@{Environment.MachineName}",
            made.Metadata.Annotations["talos-tailscale/operator"]
        );
    }

    [Fact]
    public async Task Nothing_is_left_after_success_failure_and_cancellation()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using (await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token))
            Assert.Single(lab.Api.Pods);
        await NoPodsAsync(lab);

        await Assert.ThrowsAsync<TsException>(() =>
            HelperPod.CreateAsync(connection, KubeLab.Spec("example.org/none:1"), Token)
        );
        await NoPodsAsync(lab);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        lab.Machines[1].Facts = lab.Machines[1].Facts with { Ready = false }; // so that it never becomes ready
        var creating = HelperPod.CreateAsync(connection, KubeLab.Spec(), stop.Token);
        await UntilAsync(() => lab.Api.Pods.Count == 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => creating);
        lab.Machines[1].Facts = lab.Machines[1].Facts with { Ready = true };
        await NoPodsAsync(lab);
    }

    [Fact]
    public async Task Cancelling_a_command_leaves_no_pod()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), stop.Token);
            using var output = new SignalStream(stop.Cancel);
            await pod.ExecAsync(["sh", "-c", "echo started; sleep 600"], null, output, Stream.Null, stop.Token);
        });
        await NoPodsAsync(lab);
    }

    [Fact]
    public async Task A_pod_left_by_a_killed_run_is_removed_by_the_next()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        var manifest = HelperPodManifest.Build(KubeLab.Spec());
        manifest.Metadata.Annotations[HelperPodManifest.HolderAnnotation] = ProcessIdentityTests.Dead;
        await connection.Api.CoreV1.CreateNamespacedPodAsync(manifest, "kube-system", cancellationToken: Token);
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        await UntilAsync(() => lab.Api.Pods.Count == 1);
        Assert.Equal(["kube-system/" + pod.Name], lab.Api.Pods);
    }

    [Theory]
    [InlineData("kube-system/rollout", 1)]
    [InlineData("kube-system/another", 2)]
    public async Task A_pod_of_whoever_held_the_lease_before_is_removed(string lease, int left)
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        var manifest = HelperPodManifest.Build(
            KubeLab.Spec() with
            {
                Tenure = new("kube-system/rollout", "me/elsewhere/7/1/a"),
            }
        );
        manifest.Metadata.Annotations[HelperPodManifest.HolderAnnotation] = "me/elsewhere/7/1";
        await connection.Api.CoreV1.CreateNamespacedPodAsync(manifest, "kube-system", cancellationToken: Token);
        await using var pod = await HelperPod.CreateAsync(
            connection,
            KubeLab.Spec() with
            {
                Tenure = new(lease, "me/here/8/2/b"),
            },
            Token
        );
        Assert.Equal(left, lab.Api.Pods.Count);

        // One's own stay, as do those of others when no lease is held here.
        await using var second = await HelperPod.CreateAsync(connection, pod.Spec, Token);
        await using var third = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        Assert.Equal(left + 2, lab.Api.Pods.Count);
    }

    [Fact]
    public async Task A_pod_that_somebody_uses_is_left_alone()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var first = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        await using var second = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        Assert.Equal(2, lab.Api.Pods.Count);
        Assert.Equal(0, await first.ExecAsync(["true"], null, Stream.Null, Stream.Null, Token));
    }

    internal static async Task<(int Code, string Output, string Errors)> RunAsync(
        HelperPod pod,
        string[] command,
        Stream? input,
        Stream? sink = null
    )
    {
        using var output = new MemoryStream();
        using var errors = new MemoryStream();
        var code = await pod.ExecAsync(command, input, sink ?? output, errors, Token);
        return (code, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(errors.ToArray()));
    }

    internal static Task NoPodsAsync(KubeLab lab) => UntilAsync(() => lab.Api.Pods.Count == 0);

    internal static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(10, Token);
    }

    private sealed class ZeroStream(long length) : MemoryStream
    {
        private long _left = length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = (int)Math.Min(buffer.Length, _left);
            _left -= read;
            return new(read);
        }
    }
}
