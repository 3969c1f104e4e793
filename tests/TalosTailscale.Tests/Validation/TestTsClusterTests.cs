using k8s;
using k8s.Models;
using TalosTailscale.Core.Validation;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

/// <summary>Test-TsCluster through the real engine, over real sockets, on the lab.</summary>
public sealed class TestTsClusterTests
{
    private const string Image = "registry.ide-newton.ts.net/lab/registry-smoketest:1";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void The_names_that_the_parameters_take_are_those_of_the_checks()
    {
        using var session = PowerShellSession.Create();

        foreach (var parameter in new[] { "Check", "SkipCheck" })
        {
            var values = session.Invoke(
                "param($p) (Get-Command Test-TsCluster).Parameters[$p].Attributes | ForEach-Object { $_.ValidValues }",
                ("p", parameter)
            );
            Assert.Equal(
                ClusterValidation.CheckNames,
                values.Output.Where(v => v is not null).Select(v => v.ToString())
            );
        }
    }

    [Fact]
    public async Task A_healthy_cluster_passes_and_no_pod_is_left()
    {
        await using var lab = await StartAsync();

        var checks = Run(lab, "Test-TsCluster -RegistryImage $i", ("i", Image)).OutputOf<TsCheck>();

        Assert.True(
            checks.All(c =>
                c.Status == TsCheckStatus.Pass || (c.Name == "RegistryPods" && c.Status == TsCheckStatus.Skipped)
            ),
            Describe(checks)
        );
        Assert.Equal(
            [
                "altra KubernetesNode",
                "altra PodPull",
                "ampone KubernetesNode",
                "ampone PodPull",
                "ryzen KubernetesNode",
                "ryzen PodPull",
                "cluster SameCluster",
                "cluster StaleNodes",
                "cluster EtcdMembers",
                "cluster EtcdLeader",
                "cluster LoadBalancer",
                "cluster RegistryPods",
            ],
            checks.Select(c => $"{c.Node} {c.Name}")
        );
        Assert.Empty(lab.Pods);
        var quiet = Run(lab, "Test-TsCluster -Quiet -SkipCheck PodPull -Verbose");
        Assert.True(quiet.Single<bool>());
        bool Quiet(string script) => Assert.IsType<bool>(Assert.Single(lab.Invoke(script).Output).BaseObject);
        Assert.False(Quiet("Test-TsCluster -Quiet -Check PodPull"));
        Assert.False(Quiet("Test-TsCluster ryzen, nosuch -Quiet -Check KubernetesNode"));
        Assert.False(Quiet("@() | Test-TsCluster -Quiet -Check KubernetesNode"));
        Assert.Contains(quiet.Verbose, line =>
            line.StartsWith("Kubernetes is asked at 'https://", StringComparison.Ordinal)
        );
        Assert.Contains("The cluster: 9 checks, 0 failed.", quiet.Verbose);
        Assert.Equal(
            "ampone",
            Assert.Single(Run(lab, "Get-TsNode ampone | Test-TsCluster -Check KubernetesNode").OutputOf<TsCheck>()).Node
        );
    }

    [Fact]
    public async Task A_node_at_another_address_is_seen_in_Kubernetes_etcd_and_the_load_balancer()
    {
        await using var lab = await StartAsync();
        var node = lab.Lab.Node("ampone");
        node.Faults.Set(LabFault.AddressChanged, "192.168.1.204");
        var before = node.BootId;
        node.PowerCycle();
        await node.WhenAsync(n => n.BootId != before && n.Stage == LabStage.Running, Stop);

        var checks = Run(lab, "Test-TsCluster -SkipCheck PodPull").OutputOf<TsCheck>();

        Assert.True(
            checks.Single(c => c is { Name: "KubernetesNode", Node: "ampone" })
                is { Status: TsCheckStatus.Fail, Cause: "NodeAddressDrift", FailureMode: 5 },
            Describe(checks)
        );
        Assert.True(
            checks.Single(c => c.Name == "EtcdMembers") is { Status: TsCheckStatus.Fail, FailureMode: 5 },
            Describe(checks)
        );
        Assert.False(Run(lab, "Test-TsCluster -Quiet -Check KubernetesNode").Single<bool>());

        // The inventory is corrected, and HAProxy is not.
        var file = Path.Combine(lab.Devices, "ampone", "node.yaml");
        await File.WriteAllTextAsync(
            file,
            (await File.ReadAllTextAsync(file, Stop)).Replace(
                "192.168.1.203",
                "192.168.1.204",
                StringComparison.Ordinal
            ),
            Stop
        );
        var balancer = Run(lab, "Test-TsCluster -Check LoadBalancer").OutputOf<TsCheck>();
        Assert.True(
            Assert.Single(balancer) is { Status: TsCheckStatus.Fail, Cause: "LoadBalancerStale", FailureMode: 5 },
            Describe(balancer)
        );
        Assert.Contains("192.168.1.203", balancer[0].Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_changed_leaves_a_stale_node()
    {
        await using var lab = await StartAsync(options =>
            options.Faults.Add(LabFault.Renamed.On("ampone", "talos-xyz-123"))
        );

        var checks = Run(lab, "Test-TsCluster -Check KubernetesNode, StaleNodes").OutputOf<TsCheck>();

        Assert.True(
            checks.Single(c => c.Node == "ampone").Cause is "NodeNameDrift" or "KubernetesNodeNotReady",
            Describe(checks)
        );
    }

    [Fact]
    public async Task A_node_out_of_the_tailnet_does_not_pull_and_its_pod_is_deleted()
    {
        await using var lab = await StartAsync(options => options.Faults.Add(LabFault.ExpiredKey.On("ampone")));

        var checks = Run(lab, "Test-TsCluster -Check PodPull -RegistryImage $i", ("i", Image)).OutputOf<TsCheck>();

        Assert.True(
            checks.Single(c => c.Node == "ampone") is { Status: TsCheckStatus.Fail, Cause: "RegistryNameUnresolved" },
            Describe(checks)
        );
        Assert.Equal(2, checks.Count(c => c.Status == TsCheckStatus.Pass));
        Assert.Empty(lab.Pods);
    }

    [Fact]
    public async Task A_stop_deletes_the_pods()
    {
        await using var lab = await StartAsync();
        Kubernetes(lab).Faults.KubeletRefusal = null;
        lab.Lab.Node("ampone").Faults.Set(LabFault.NoNames);
        Kubernetes(lab).Faults.UnpullableImages.Clear();

        var result = await lab.Session.InvokeAndStopAsync(
            "param($i) Test-TsCluster -Check PodPull -RegistryImage $i",
            async () =>
            {
                while (lab.Pods.Count == 0)
                    await Task.Delay(5, Stop);
            },
            ("i", Image)
        );

        Assert.Empty(result.Errors);
        while (lab.Pods.Count > 0)
            await Task.Delay(20, Stop);
    }

    [Fact]
    public async Task The_registrys_own_pods_are_looked_at()
    {
        await using var lab = await StartAsync();
        using var api = new k8s.Kubernetes(
            await KubernetesClientConfiguration.BuildConfigFromConfigFileAsync(
                new FileInfo(lab.Client.Environment["KUBECONFIG"])
            )
        );
        await api.CoreV1.CreateNamespacedPodAsync(
            Pod("registry-0", "debian:12-slim"),
            "default",
            cancellationToken: Stop
        );
        while (
            (await api.CoreV1.ReadNamespacedPodAsync("registry-0", "default", cancellationToken: Stop)).Status?.Phase
            != "Running"
        )
            await Task.Delay(20, Stop);

        var good = Run(lab, "Test-TsCluster -Check RegistryPods -RegistryNamespace default").OutputOf<TsCheck>();
        await api.CoreV1.CreateNamespacedPodAsync(
            Pod("registry-1", "example.org/no-such:1"),
            "default",
            cancellationToken: Stop
        );
        var bad = Run(lab, "Test-TsCluster -Check RegistryPods -RegistryNamespace default").OutputOf<TsCheck>();

        Assert.True(Assert.Single(good).Status == TsCheckStatus.Pass, Describe(good));
        Assert.True(Assert.Single(bad) is { Status: TsCheckStatus.Fail, Cause: "RegistryPodNotReady" }, Describe(bad));
    }

    [Fact]
    public void HAProxys_servers_are_read()
    {
        var servers = HaproxyServer.Read(
            "f",
            """
            frontend in
                server not 10.0.0.1:6443
            backend k8s # a comment
                server a 192.168.1.1:6443 check
                server b ipv4@192.168.1.2:6443 check disabled
                server c [fd00::1]:6443
                # server d 192.168.1.4:6443
                server e host.lan
            listen stats
                bind *:8404
                server f 10.0.0.5:80
            """.Split('\n')
        );

        Assert.Equal(
            ["k8s a 192.168.1.1 6443", "k8s c fd00::1 6443", "k8s e host.lan 0", "stats f 10.0.0.5 80"],
            servers.Select(server => $"{server.Backend} {server.Name} {server.Address} {server.Port}")
        );
    }

    private static V1Pod Pod(string name, string image) =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = name },
            Spec = new V1PodSpec
            {
                Containers = [new V1Container { Name = "c", Image = image }],
                Tolerations = [new V1Toleration { OperatorProperty = "Exists" }],
            },
        };

    private static LabKubernetesApi Kubernetes(LabSession lab) => lab.Lab.Part<LabKubernetesPart>()!.Api;

    private static Task<LabSession> StartAsync(Action<LabOptions>? change = null) =>
        JoinedLab.StartAsync(change, until: node =>
            node.TailnetAddress is not null
            || (
                node.Stage == LabStage.Running
                && node.Services["ext-tailscale"]
                    ?.Events.Any(one => one.Message.StartsWith("Error running", StringComparison.Ordinal)) == true
            )
        );

    private static string Describe(IEnumerable<TsCheck> checks) =>
        string.Join(Environment.NewLine, checks.Select(c => $"{c.Node} {c.Name} {c.Status} {c.Cause}: {c.Evidence}"));

    private static PowerShellResult Run(LabSession lab, string script, params (string Name, object? Value)[] values)
    {
        var result = lab.Invoke(
            $"param({string.Join(", ", values.Select(value => "$" + value.Name))}) " + script,
            values
        );
        result.AssertNoErrors();
        return result;
    }
}
