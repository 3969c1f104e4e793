using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Kubernetes.Oracle;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>What a server answers, what becomes of it, and that doing what the advice says helps.</summary>
public sealed partial class ServerRefusalTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Words as k8s.io/apiserver and kubernetes/plugin/pkg/admission have them; after the bar what stands in the way.
    [Theory]
    [InlineData(
        "exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5|compute",
        "KubernetesAdmissionRefused"
    )]
    [InlineData(
        "failed quota: limits: must specify limits.cpu for: shell; limits.memory for: shell|limits",
        "KubernetesAdmissionRefused"
    )]
    [InlineData(
        "admission webhook \"validate.kyverno.svc-fail\" denied the request: no hostPath|validate.kyverno.svc-fail",
        "KubernetesAdmissionRefused"
    )]
    [InlineData(
        "ValidatingAdmissionPolicy 'no-host-path' with binding 'everywhere' denied request: failed expression|everywhere",
        "KubernetesAdmissionRefused"
    )]
    [InlineData(
        "pods with system-node-critical priorityClass is not permitted in tools namespace|kube-system",
        "KubernetesAdmissionRefused"
    )]
    [InlineData(
        "no PriorityClass with name system-node-critical was found|system-node-critical",
        "KubernetesAdmissionRefused"
    )]
    [InlineData(
        "error looking up service account kube-system/default: serviceaccount \"default\" not found|default",
        "KubernetesAdmissionRefused"
    )]
    [InlineData(
        "unable to create new content in namespace tools because it is being terminated|tools",
        "KubernetesAdmissionRefused"
    )]
    [InlineData("maximum cpu usage per Container is 100m, but limit is 1|LimitRange", "KubernetesAdmissionRefused")]
    [InlineData(
        "violates PodSecurity \"restricted:latest\": privileged (container \"shell\" must not set securityContext.privileged=true)|privileged",
        "PodSecurityRefused"
    )]
    public async Task Admission_is_told_in_the_servers_words_and_its_advice_helps(string row, string errorId)
    {
        (string words, string obstacle) = row.Split('|') is [var first, var second]
            ? (first, second)
            : throw new ArgumentException(row);
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        lab.Api.Faults.Admission[obstacle] = words;

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            HelperPod.CreateAsync(connection, KubeLab.Spec(), Stop)
        );

        Assert.Equal(errorId, e.ErrorId);
        Assert.Contains(words.TrimEnd('.'), e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Grant", e.RecommendedAction, StringComparison.Ordinal);
        // Followed: whatever the advice names is done away with.
        Assert.Contains(obstacle, e.RecommendedAction, StringComparison.Ordinal);
        foreach (
            string name in lab.Api.Faults.Admission.Keys.Where(name =>
                e.RecommendedAction!.Contains(name, StringComparison.Ordinal)
            )
        )
            lab.Api.Faults.Admission.TryRemove(name, out _);
        await using HelperPod pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Stop);
    }

    [Fact]
    public async Task Each_missing_right_is_the_one_that_the_advice_grants()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        string[] missing = ["get nodes", "list pods", "create pods", "get pods/exec", "create pods/exec"];
        foreach (string right in missing)
            lab.Api.Faults.Forbidden[right] = true;
        var granted = new List<string>();
        while (true)
        {
            try
            {
                await using HelperPod pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Stop);
                break;
            }
            catch (TsException e) when (e.ErrorId == "KubernetesForbidden")
            {
                Match advice = GrantRegex().Match(e.RecommendedAction!);
                Assert.True(advice.Success, e.RecommendedAction);
                string right = $"{advice.Groups["verb"]} {advice.Groups["resource"]}";
                // One verb at a time, and never one that is there.
                Assert.True(lab.Api.Faults.Forbidden.TryRemove(right, out _), $"{right}: {e.Message}");
                Assert.Equal(
                    !right.EndsWith("nodes", StringComparison.Ordinal),
                    e.RecommendedAction!.Contains("in the namespace 'kube-system'", StringComparison.Ordinal)
                );
                granted.Add(right);
            }
        }

        Assert.Equal(missing.Order(StringComparer.Ordinal), granted.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(
        401,
        """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","code":401}""",
        "KubernetesUnauthorized",
        "log in again",
        "renew"
    )]
    [InlineData(
        403,
        """{"kind":"Status","message":"nodes is forbidden: User \"system:anonymous\" cannot list resource \"nodes\" in API group \"\" at the cluster scope"}""",
        "KubernetesUnauthorized",
        "credentials",
        "renew"
    )]
    [InlineData(
        403,
        """{"kind":"Status","message":"users \"jane\" is forbidden: User \"ops\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"}""",
        "KubernetesForbidden",
        "'impersonate' on 'users' in the cluster to 'ops'",
        "grant"
    )]
    [InlineData(
        403,
        """{"kind":"Status","message":"leases.coordination.k8s.io is forbidden: User \"ops\" cannot create resource \"leases\" in API group \"coordination.k8s.io\" in the namespace \"kube-system\": RBAC: role.rbac.authorization.k8s.io \"ops\" not found"}""",
        "KubernetesForbidden",
        "can-i create leases.coordination.k8s.io -n kube-system'",
        "grant"
    )]
    [InlineData(
        403,
        "<html><head><title>Access Denied (policy_denied)</title></head><body>no</body></html>",
        "KubernetesProxyFailed",
        "NO_PROXY",
        "server"
    )]
    [InlineData(403, "{\"error\":\"blocked by gateway\"}", "KubernetesProxyFailed", "proxy-url", "server")]
    [InlineData(407, "<html>Proxy Authentication Required</html>", "KubernetesProxyFailed", "proxy-url", "proxy")]
    [InlineData(401, "<html>Sign in to the portal</html>", "KubernetesProxyFailed", "proxy-url", "server")]
    [InlineData(
        500,
        """{"kind":"Status","message":"Internal error occurred: failed calling webhook \"mutate.example\": connection refused"}""",
        "KubernetesApiFailed",
        "webhook 'mutate.example'",
        "webhook"
    )]
    [InlineData(
        404,
        """{"kind":"Status","message":"pods \"x\" not found"}""",
        "KubernetesNotFound",
        "-KubeContext",
        "context"
    )]
    [InlineData(409, """{"kind":"Status","message":"conflict"}""", "KubernetesConflict", "again", "again")]
    public async Task Each_answer_has_its_error_and_advice_which_helps(
        int code,
        string body,
        string errorId,
        string advice,
        string cure
    )
    {
        var pki = new OraclePki();
        await using var server = new OracleServer(pki);
        using var folder = new TemporaryFolder();
        int good = server.Add(pki.Server);
        string done = "";
        server.Refuse = asked =>
            asked.StartsWith("added", StringComparison.Ordinal)
            || asked.Contains("Bearer renewed", StringComparison.Ordinal)
            || done.Length > 0
                ? null
                : (code, body);

        TsException e = await Assert.ThrowsAsync<TsException>(() => AskAsync("token", server.Rooted, null));
        Assert.Equal(errorId, e.ErrorId);
        Assert.Contains(advice, e.RecommendedAction, StringComparison.Ordinal);
        Assert.DoesNotContain("<html>", e.Message, StringComparison.Ordinal);

        // Followed, each in its way.
        switch (cure)
        {
            case "renew":
                await AskAsync("renewed", server.Rooted, null);
                break;
            case "server":
                await AskAsync("token", good, null);
                break;
            case "proxy":
                // Loopback is never asked of a proxy, so this is a server elsewhere.
                using (
                    KubernetesConnection far = KubernetesConnection.FromBytes(
                        Encoding.UTF8.GetBytes(
                            KubeconfigTests.Sample.Replace("127.0.0.1", "kube.example.org", StringComparison.Ordinal)
                        ),
                        "test"
                    )
                )
                {
                    e = KubernetesCall.FromStatus(
                        far,
                        "try",
                        null,
                        (HttpStatusCode)code,
                        KubernetesCall.ReadStatus(body),
                        null
                    );
                    string exempt = NoProxyRegex().Match(e.RecommendedAction!).Groups["host"].Value;
                    Assert.NotNull(ProxyOf(far.Server, ""));
                    Assert.Null(ProxyOf(far.Server, exempt));
                }

                break;
            case "context":
                await AskAsync("token", server.Rooted, "admin");
                break;
            case "grant":
                done = GrantRegex().Match(e.RecommendedAction!).Groups["resource"].Value;
                Assert.Contains($"on '{done}'", e.Message, StringComparison.Ordinal);
                await AskAsync("token", server.Rooted, null);
                break;
            case "webhook":
                done = WebhookRegex().Match(e.RecommendedAction!).Groups["name"].Value;
                Assert.Contains(done, body, StringComparison.Ordinal);
                await AskAsync("token", server.Rooted, null);
                break;
            default:
                done = "somebody else's change is over";
                await AskAsync("token", server.Rooted, null);
                break;
        }

        static Uri? ProxyOf(Uri server, string exempt) =>
            ProxyChoice.For(server, "", "test", name => name == "NO_PROXY" ? exempt : "http://proxy.test:1");

        async Task AskAsync(string token, int port, string? context)
        {
            string authority = Convert.ToBase64String(Encoding.ASCII.GetBytes(pki.Root.ExportCertificatePem()));
            string file = folder.Write(
                "config",
                "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: k, cluster: {"
                    + $"server: \"https://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}\", certificate-authority-data: {authority}}}}}]\n"
                    + $"users: [{{name: u, user: {{token: {token}}}}}, {{name: admin, user: {{token: renewed}}}}]\n"
                    + "contexts: [{name: c, context: {cluster: k, user: u}}, {name: admin, context: {cluster: k, user: admin}}]\n"
            );
            using KubernetesConnection connection = KubernetesConnection.OpenIn(file, context, _ => null);
            await KubernetesCall.SendAsync(connection, "try", null, (api, ct) => api.Version.GetCodeAsync(ct), Stop);
        }
    }

    [Fact]
    public async Task A_page_is_one_line_without_control_characters()
    {
        using KubernetesConnection connection = KubernetesConnection.FromBytes(
            Encoding.UTF8.GetBytes(KubeconfigTests.Sample),
            "test"
        );
        V1Status? page = KubernetesCall.ReadStatus("\u001b]0;x\u0007" + new string('a', 5000) + "\nsecond");
        string message = KubernetesCall
            .FromStatus(connection, "try", null, HttpStatusCode.Forbidden, page, null)
            .Message;
        Assert.DoesNotContain('\u001b', message);
        Assert.InRange(message.Length, 1, 1000);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_node_without_a_pod_network_is_told_long_before_the_deadline()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        lab.Api.Faults.SandboxProblem =
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type=\"cilium-cni\" failed (add): unable to connect to Cilium agent";
        HelperPodSpec spec = KubeLab.Spec() with { ReadyTimeout = TimeSpan.FromHours(1) };
        TsException e = await Assert.ThrowsAsync<TsException>(() => HelperPod.CreateAsync(connection, spec, Stop));
        Assert.Equal("PodSandboxFailed", e.ErrorId);
        Assert.Contains("unable to connect to Cilium agent", e.Message, StringComparison.Ordinal);
        PodPullResult pull = await PullPod.RunAsync(
            connection,
            KubeLab.Node,
            "default",
            "busybox:1.37",
            TimeSpan.FromHours(1),
            SilentReporter.Instance,
            Stop
        );
        Assert.False(pull.Pulled);
        Assert.Contains("unable to connect to Cilium agent", pull.Message, StringComparison.Ordinal);
        lab.Api.Faults.SandboxProblem = null;
        await using HelperPod pod = await HelperPod.CreateAsync(connection, spec, Stop);
        // The right that the help lists for pods that are late.
        Assert.Contains("list events", lab.Api.Faults.Used.Keys);
    }

    [Fact]
    public async Task A_pull_is_tried_in_a_restricted_namespace_too()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        lab.Api.EnforcePodSecurity("registry", "restricted");
        PodPullResult pull = await PullPod.RunAsync(
            connection,
            KubeLab.Node,
            "registry",
            "busybox:1.37",
            TimeSpan.FromMinutes(5),
            SilentReporter.Instance,
            Stop
        );
        Assert.True(pull.Pulled, pull.Message);
    }

    [GeneratedRegex("NO_PROXY='(?<host>[^']+)' goes past")]
    private static partial Regex NoProxyRegex();

    [GeneratedRegex("admission webhook '(?<name>[^']+)'")]
    private static partial Regex WebhookRegex();

    [GeneratedRegex("^Grant '(?<verb>[a-z]+)' on '(?<resource>[a-z0-9./]+)'")]
    private static partial Regex GrantRegex();
}
