using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>What goes wrong in a cluster, and what the user is told.</summary>
public sealed class KubernetesFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("create pods", "create", "pods")]
    [InlineData("get nodes", "get", "nodes")]
    [InlineData("list pods", "list", "pods")]
    public async Task A_missing_right_is_named_by_verb_and_resource(string fault, string verb, string resource)
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.Forbidden[fault] = true;
        var e = await FailsAsync(lab, KubeLab.Spec());
        Assert.Equal("KubernetesForbidden", e.ErrorId);
        Assert.Contains($"'admin' lacks the verb '{verb}' on '{resource}'", e.Message, StringComparison.Ordinal);
        Assert.Contains($"kubectl auth can-i {verb} {resource}", e.RecommendedAction, StringComparison.Ordinal);
        await HelperPodTests.NoPodsAsync(lab);
    }

    [Fact]
    public async Task A_missing_right_on_exec_is_named()
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.Forbidden["create pods/exec"] = true;
        var e = await FailsAsync(lab, KubeLab.Spec());
        Assert.Equal("KubernetesForbidden", e.ErrorId);
        Assert.Contains("'pods/exec'", e.Message, StringComparison.Ordinal);
        await HelperPodTests.NoPodsAsync(lab);
    }

    [Fact]
    public async Task Without_the_right_to_watch_the_pod_is_polled()
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.Forbidden["watch pods"] = true;
        lab.Api.Faults.Forbidden["list events"] = true;
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        Assert.Equal(0, await pod.ExecAsync(["true"], null, Stream.Null, Stream.Null, Token));
    }

    [Fact]
    public async Task Pod_Security_is_told_from_missing_rights()
    {
        await using var lab = await KubeLab.StartAsync();
        var e = await FailsAsync(lab, KubeLab.Spec() with { Namespace = "default" });
        Assert.Equal("PodSecurityRefused", e.ErrorId);
        Assert.Contains("hostPath volumes (volume \"dev\"), privileged", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_told_at_once()
    {
        await using var lab = await KubeLab.StartAsync();
        var watch = Stopwatch.StartNew();
        var e = await FailsAsync(lab, KubeLab.Spec("docker.io/library/debain:13"));
        Assert.Equal("PodImageUnavailable", e.ErrorId);
        Assert.Contains("docker.io/library/debain:13", e.Message, StringComparison.Ordinal);
        Assert.True(
            watch.Elapsed < TimeSpan.FromSeconds(20),
            "a name that the registry does not know must not wait out the patience for busy registries"
        );
    }

    [Fact]
    public async Task A_registry_that_recovers_is_waited_for()
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.UnpullableImages[KubeLab.Image] = "dial tcp: i/o timeout";
        using var connection = lab.Connect();
        var creating = HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        await HelperPodTests.UntilAsync(() => lab.Api.Pods.Count == 1);
        lab.Api.Faults.UnpullableImages.Clear();
        await using var pod = await creating;
    }

    [Fact]
    public async Task A_kubelet_that_refuses_the_pod_gives_its_reason()
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.KubeletRefusal = "OutOfpods";
        var e = await FailsAsync(lab, KubeLab.Spec());
        Assert.Equal("PodUnschedulable", e.ErrorId);
        Assert.Contains("OutOfpods", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_not_ready_is_the_reason_of_the_time_out()
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Machines[1].Facts = lab.Machines[1].Facts with { Ready = false };
        var e = await FailsAsync(lab, KubeLab.Spec() with { ReadyTimeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal("PodNotReady", e.ErrorId);
        Assert.Contains("Kubelet stopped posting node status", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_node_is_told_before_anything_is_made()
    {
        await using var lab = await KubeLab.StartAsync();
        var e = await FailsAsync(lab, KubeLab.Spec() with { NodeName = "ampone" });
        Assert.Equal(("KubernetesNodeNotFound", "ampone"), (e.ErrorId, e.Target));
    }

    [Fact]
    public async Task An_image_without_a_shell_is_told()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        var e = await Assert.ThrowsAsync<TsException>(() =>
            pod.ExecAsync(["no-such-program"], null, Stream.Null, Stream.Null, Token)
        );
        Assert.Equal("ExecRefused", e.ErrorId);
        Assert.Contains("executable file not found in $PATH", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_that_starts_late_is_waited_for()
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.ExecDelay = TimeSpan.FromMilliseconds(300);
        lab.Api.Faults.RefuseExec(1);
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        Assert.Equal(0, await pod.ExecAsync(["true"], null, Stream.Null, Stream.Null, Token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Watches_may_end_at_any_time(int events)
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.WatchEventLimit = events;
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        await pod.DeleteAsync(Token);
        Assert.Empty(lab.Api.Pods);
    }

    [Fact]
    public async Task A_restart_of_the_API_server_goes_unnoticed_while_the_pod_starts()
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Machines[1].Facts = lab.Machines[1].Facts with { Ready = false };
        using var connection = lab.Connect();
        var creating = HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        await HelperPodTests.UntilAsync(() => lab.Api.Pods.Count == 1);
        var restart = lab.Api.RestartAsync(TimeSpan.FromMilliseconds(400));
        lab.Machines[1].Facts = lab.Machines[1].Facts with { Ready = true };
        await using (var pod = await creating)
        {
            await restart;
            Assert.Equal(0, await pod.ExecAsync(["true"], null, Stream.Null, Stream.Null, Token));
            restart = lab.Api.RestartAsync(TimeSpan.FromMilliseconds(400));
        }
        await restart;
        await HelperPodTests.NoPodsAsync(lab);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_cut_at_any_byte_is_an_error_and_never_an_exit_code(bool onlyV4)
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.OnlyV4 = onlyV4;
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        var data = RandomNumberGenerator.GetBytes(300_000);
        string[] lost = ["ExecConnectionLost", "KubernetesUnreachable"]; // the second when the cut overtakes the handshake's answer
        foreach (var at in (long[])[0, 1, 65_535, 65_536, 65_537, 131_072, 200_000, 299_999])
        {
            lab.Api.Faults.CutExec(afterInput: at);
            using var input = new MemoryStream(data);
            var e = await Assert.ThrowsAsync<TsException>(() =>
                pod.ExecAsync(["sh", "-c", "head -c 300000 >/dev/null"], input, Stream.Null, Stream.Null, Token)
            );
            Assert.Contains(e.ErrorId, lost);
            lab.Api.Faults.CutExec(afterOutput: Math.Max(at, 1));
            e = await Assert.ThrowsAsync<TsException>(() =>
                pod.ExecAsync(["sh", "-c", "head -c 300000 /dev/zero"], null, Stream.Null, Stream.Null, Token)
            );
            Assert.Contains(e.ErrorId, lost);
        }
        Assert.Equal(0, await pod.ExecAsync(["true"], null, Stream.Null, Stream.Null, Token));
    }

    [Fact]
    public async Task Exit_code_137_comes_through()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        Assert.Equal(137, await pod.ExecAsync(["sh", "-c", "kill -KILL $$"], null, Stream.Null, Stream.Null, Token));
    }

    [Fact]
    public async Task An_eviction_is_the_reason_of_the_broken_stream()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        lab.Api.Faults.EvictAfterInput = 100_000;
        using var input = new MemoryStream(new byte[500_000]);
        var e = await Assert.ThrowsAsync<TsException>(() =>
            pod.ExecAsync(["sh", "-c", "head -c 500000 >/dev/null; sleep 600"], input, Stream.Null, Stream.Null, Token)
        );
        Assert.Equal("PodEvicted", e.ErrorId);
    }

    [Fact]
    public async Task A_reboot_under_a_command_ends_it()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        var started = new TaskCompletionSource();
        using var output = new SignalStream(() => started.TrySetResult());
        var running = pod.ExecAsync(["sh", "-c", "echo started; exec sleep 600"], null, output, Stream.Null, Token);
        await started.Task;
        lab.Machines[1].Facts = lab.Machines[1].Facts with { BootId = Guid.NewGuid().ToString() };
        var e = await Assert.ThrowsAsync<TsException>(() => running);
        Assert.Contains(e.ErrorId, (string[])["ExecConnectionLost", "PodFailed"]);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_not_believed()
    {
        await using var lab = await KubeLab.StartAsync();
        await using var other = await KubeLab.StartAsync();
        var text = lab.Api.Kubeconfig(lab.Api.Pki.IssueClient("admin", "system:masters"), other.Api.Pki.Authority);
        using var connection = KubernetesConnection.FromBytes(System.Text.Encoding.UTF8.GetBytes(text), "test");
        var e = await Assert.ThrowsAsync<TsException>(() => KubernetesNodes.ListAsync(connection, Token));
        Assert.Equal("KubernetesServerUntrusted", e.ErrorId);
    }

    [Fact]
    public async Task A_server_by_another_name_is_not_believed()
    {
        await using var lab = await KubeLab.StartAsync();
        var text = lab.Api.AdminKubeconfig.Replace(
            "server: https://",
            "tls-server-name: example.org\n    server: https://",
            StringComparison.Ordinal
        );
        using var connection = KubernetesConnection.FromBytes(System.Text.Encoding.UTF8.GetBytes(text), "test");
        var e = await Assert.ThrowsAsync<TsException>(() => KubernetesNodes.ListAsync(connection, Token));
        Assert.Equal("KubernetesServerUntrusted", e.ErrorId);
    }

    [Fact]
    public async Task An_expired_client_certificate_is_told()
    {
        await using var lab = await KubeLab.StartAsync();
        var text = lab.Api.UserKubeconfig("old", DateTimeOffset.UtcNow.AddDays(-1));
        using var connection = KubernetesConnection.FromBytes(System.Text.Encoding.UTF8.GetBytes(text), "test");
        var e = await Assert.ThrowsAsync<TsException>(() => KubernetesNodes.ListAsync(connection, Token));
        Assert.Contains(e.ErrorId, (string[])["KubernetesUnauthorized", "KubernetesUnreachable"]);
    }

    [Fact]
    public async Task A_server_that_is_away_is_told()
    {
        var text = KubeconfigTests.Sample.Replace(
            "https://127.0.0.1:6443",
            $"https://{FreeEndpoint()}",
            StringComparison.Ordinal
        );
        using var connection = KubernetesConnection.FromBytes(System.Text.Encoding.UTF8.GetBytes(text), "test");
        var e = await Assert.ThrowsAsync<TsException>(() => KubernetesNodes.ListAsync(connection, Token));
        Assert.Equal("KubernetesUnreachable", e.ErrorId);
    }

    private static IPEndPoint FreeEndpoint()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    private static async Task<TsException> FailsAsync(KubeLab lab, HelperPodSpec spec)
    {
        using var connection = lab.Connect();
        return await Assert.ThrowsAsync<TsException>(() => HelperPod.CreateAsync(connection, spec, Token));
    }
}
