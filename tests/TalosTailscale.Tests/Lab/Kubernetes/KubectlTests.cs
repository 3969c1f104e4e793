using System.Diagnostics;
using TalosTailscale.Tests.Kubernetes;

namespace TalosTailscale.Tests.Lab.Kubernetes;

/// <summary>The lab's API as the real kubectl sees it.</summary>
public sealed class KubectlTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_nodes_prints_the_table()
    {
        await using var lab = await KubeLab.StartAsync();
        var nodes = await KubectlAsync(lab, null, "get", "nodes", "-o", "wide");
        Assert.Equal(0, nodes.Code);
        Assert.Contains("INTERNAL-IP", nodes.Output, StringComparison.Ordinal);
        Assert.Matches(
            @"talos-192-168-1-203\s+Ready\s+control-plane\s+\d+s\s+v1\.34\.1\s+192\.168\.1\.203\s+<none>\s+Talos \(v1\.12\.4\)",
            nodes.Output
        );
        var yaml = await KubectlAsync(
            lab,
            null,
            "get",
            "node",
            KubeLab.Node,
            "-o",
            "jsonpath={.status.nodeInfo.architecture}"
        );
        Assert.Equal("arm64", yaml.Output);
    }

    [Fact]
    public async Task Run_exec_logs_cp_and_delete()
    {
        await using var lab = await KubeLab.StartAsync();
        var run = await KubectlAsync(
            lab,
            null,
            "-n",
            "kube-system",
            "run",
            "tools",
            "--image=debian:13-slim",
            "--restart=Never",
            "--overrides={\"spec\":{\"nodeName\":\"" + KubeLab.Node + "\"}}",
            "--command",
            "--",
            "sh",
            "-c",
            "echo hello from main; exec sleep 600"
        );
        Assert.True(run.Code == 0, run.Errors);
        var wait = await KubectlAsync(
            lab,
            null,
            "-n",
            "kube-system",
            "wait",
            "--for=condition=Ready",
            "pod/tools",
            "--timeout=30s"
        );
        Assert.True(wait.Code == 0, wait.Errors);
        var pods = await KubectlAsync(lab, null, "get", "pods", "-A", "-o", "wide");
        Assert.Matches(
            @"kube-system\s+tools\s+1/1\s+Running\s+0\s+\d+s\s+10\.244\.\d+\.\d+\s+talos-192-168-1-203",
            pods.Output
        );

        var exec = await KubectlAsync(
            lab,
            "some input",
            "-n",
            "kube-system",
            "exec",
            "-i",
            "tools",
            "--",
            "sh",
            "-c",
            "cat; echo err >&2; exit 42"
        );
        Assert.Equal((42, "some input"), (exec.Code, exec.Output));
        Assert.StartsWith("err\n", exec.Errors, StringComparison.Ordinal);

        var logs = await KubectlAsync(lab, null, "-n", "kube-system", "logs", "tools");
        Assert.Equal("hello from main\n", logs.Output);

        var data = Path.Combine(lab.Folder, "data");
        await File.WriteAllBytesAsync(data, new byte[1_000_000], Token);
        var target = Path.Combine(lab.Folder, "copied");
        var copy = await KubectlAsync(lab, null, "-n", "kube-system", "cp", data, "tools:" + target);
        Assert.True(copy.Code == 0, copy.Errors);
        Assert.Equal(1_000_000, new FileInfo(target).Length);

        var delete = await KubectlAsync(lab, null, "-n", "kube-system", "delete", "pod", "tools", "--grace-period=1");
        Assert.True(delete.Code == 0, delete.Errors);
        Assert.Empty(lab.Api.Pods);
    }

    [Fact]
    public async Task Apply_is_checked_by_Pod_Security()
    {
        await using var lab = await KubeLab.StartAsync();
        const string manifest = """
            apiVersion: v1
            kind: Pod
            metadata: { name: box, namespace: NAMESPACE, labels: { app: box } }
            spec:
              nodeName: talos-192-168-1-85
              containers:
              - { name: box, image: "busybox:1.37", securityContext: { privileged: true } }
            """;
        var refused = await KubectlAsync(
            lab,
            manifest.Replace("NAMESPACE", "default", StringComparison.Ordinal),
            "apply",
            "-f",
            "-"
        );
        Assert.Equal(1, refused.Code);
        Assert.Contains(
            "violates PodSecurity \"baseline:latest\": privileged",
            refused.Errors,
            StringComparison.Ordinal
        );
        var allowed = await KubectlAsync(
            lab,
            manifest.Replace("NAMESPACE", "kube-system", StringComparison.Ordinal),
            "apply",
            "-f",
            "-"
        );
        Assert.True(allowed.Code == 0, allowed.Errors);
        var again = await KubectlAsync(
            lab,
            manifest.Replace("NAMESPACE", "kube-system", StringComparison.Ordinal),
            "apply",
            "-f",
            "-"
        );
        Assert.Equal("pod/box unchanged\n", again.Output);
        var byLabel = await KubectlAsync(lab, null, "get", "pods", "-A", "-l", "app=box", "-o", "name");
        Assert.Equal("pod/box\n", byLabel.Output);
    }

    [Fact]
    public async Task Cordon_and_drain_honour_the_budget()
    {
        await using var lab = await KubeLab.StartAsync();
        const string objects = """
            apiVersion: v1
            kind: Pod
            metadata: { name: web, namespace: default, labels: { app: web } }
            spec:
              nodeName: talos-192-168-1-203
              containers: [ { name: web, image: "busybox:1.37" } ]
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: { name: web, namespace: default }
            spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
            """;
        Assert.Equal(0, (await KubectlAsync(lab, objects, "apply", "-f", "-")).Code);
        Assert.Equal(
            0,
            (await KubectlAsync(lab, null, "wait", "--for=condition=Ready", "pod/web", "--timeout=30s")).Code
        );
        var blocked = await KubectlAsync(
            lab,
            null,
            "drain",
            KubeLab.Node,
            "--force",
            "--ignore-daemonsets",
            "--timeout=1s"
        );
        Assert.NotEqual(0, blocked.Code);
        Assert.Contains("would violate the pod's disruption budget", blocked.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await KubectlAsync(lab, null, "delete", "pdb", "web")).Code);
        var drained = await KubectlAsync(
            lab,
            null,
            "drain",
            KubeLab.Node,
            "--force",
            "--ignore-daemonsets",
            "--timeout=30s"
        );
        Assert.True(drained.Code == 0, drained.Errors);
        Assert.Contains(
            "SchedulingDisabled",
            (await KubectlAsync(lab, null, "get", "nodes")).Output,
            StringComparison.Ordinal
        );
        Assert.Equal(0, (await KubectlAsync(lab, null, "uncordon", KubeLab.Node)).Code);
    }

    [Fact]
    public async Task A_missing_right_is_refused_by_name()
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.Forbidden["list nodes"] = true;
        var refused = await KubectlAsync(lab, null, "get", "nodes");
        Assert.Contains(
            "User \"admin\" cannot list resource \"nodes\" in API group \"\" at the cluster scope",
            refused.Errors,
            StringComparison.Ordinal
        );
    }

    private static async Task<(int Code, string Output, string Errors)> KubectlAsync(
        KubeLab lab,
        string? input,
        params string[] arguments
    )
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/kubectl"), "kubectl is not installed");
        var start = new ProcessStartInfo("/usr/bin/kubectl", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KUBECONFIG"] = lab.Kubeconfig;
        start.Environment["HOME"] = lab.Folder; // kubectl caches discovery there
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var errors = process.StandardError.ReadToEndAsync(Token);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output, await errors);
    }
}
