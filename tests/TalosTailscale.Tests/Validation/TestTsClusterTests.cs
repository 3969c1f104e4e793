using k8s;
using k8s.Models;
using TalosTailscale.Core.Validation;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

/// <summary>What Test-TsCluster has of the Core's rules, and pods of others, which are made by a client of Kubernetes.</summary>
public sealed class TestTsClusterTests
{
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
    public async Task The_registrys_own_pods_are_looked_at()
    {
        await using var lab = await LabSession.StartAsync();
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
