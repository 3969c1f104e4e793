using System.Text;
using System.Text.RegularExpressions;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>What a control plane node hands out as kubeconfig is data: nothing of it is run, read from disk or followed.</summary>
public sealed class FetchedKubeconfigTests
{
    private static string Sample => KubeconfigTests.Sample;

    [Fact]
    public void What_Talos_writes_is_taken()
    {
        using KubernetesConnection connection = From(Sample);
        Assert.Equal(("admin@lab", new Uri("https://127.0.0.1:6443")), (connection.Context, connection.Server));
        From(Sample + "preferences: {}\n").Dispose();
    }

    [Theory]
    [InlineData("user", "exec: {command: sh, apiVersion: client.authentication.k8s.io/v1}", "users[].user.exec")]
    [InlineData("user", "auth-provider: {name: gcp, config: {cmd-path: /bin/sh}}", "users[].user.auth-provider")]
    [InlineData("user", "tokenFile: /etc/shadow", "users[].user.tokenFile")]
    [InlineData("user", "token: abc", "users[].user.token")]
    [InlineData("user", "client-certificate: /etc/passwd", "users[].user.client-certificate")]
    [InlineData("user", "client-key: /root/.ssh/id_ed25519", "users[].user.client-key")]
    [InlineData("user", "username: root", "users[].user.username")]
    [InlineData("user", "password: root", "users[].user.password")]
    [InlineData("user", "as: system:admin", "users[].user.as")]
    [InlineData("user", "as-uid: x", "users[].user.as-uid")]
    [InlineData("user", "as-groups: [system:masters]", "users[].user.as-groups")]
    [InlineData("user", "as-user-extra: {a: [b]}", "users[].user.as-user-extra")]
    [InlineData("user", "extensions: []", "users[].user.extensions")]
    [InlineData("user", "<<: {exec: {command: sh}}", "users[].user.<<")]
    [InlineData("cluster", "insecure-skip-tls-verify: true", "clusters[].cluster.insecure-skip-tls-verify")]
    [InlineData("cluster", "certificate-authority: /tmp/ca", "clusters[].cluster.certificate-authority")]
    [InlineData("cluster", "proxy-url: http://10.0.0.1:8080", "clusters[].cluster.proxy-url")]
    [InlineData("cluster", "tls-server-name: example.org", "clusters[].cluster.tls-server-name")]
    [InlineData("cluster", "disable-compression: true", "clusters[].cluster.disable-compression")]
    [InlineData("context", "extensions: []", "contexts[].context.extensions")]
    public void Anything_else_refuses_the_whole_and_is_named(string where, string line, string name)
    {
        string text = Regex.Replace(Sample, $@"(?m)^  {where}:$", $"  {where}:\n    {line}");
        Assert.NotEqual(Sample, text);

        TsException e = Assert.Throws<TsException>(() => From(text));

        Assert.Equal("KubeconfigFromNodeRefused", e.ErrorId);
        Assert.Contains($"'{name}'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("extensions: []\n", "extensions")]
    [InlineData("preferences: {colors: true}\n", "preferences")]
    [InlineData("\"\\e]0;x\\a\": 1\n", "\ufffd]0;x\ufffd")]
    public void So_does_the_top_level(string line, string name) =>
        Assert.Contains(
            $"'{name}'",
            Assert.Throws<TsException>(() => From(Sample + line)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("")]
    [InlineData("- a\n")]
    [InlineData("clusters: 1\n")]
    [InlineData("a: &a 1\nb: *a\n")]
    [InlineData("clusters: []\nusers: []\ncontexts: []\n---\nkind: Config\n")]
    public void Rubbish_is_refused_without_being_shown(string text)
    {
        TsException e = Assert.Throws<TsException>(() => From(text));
        Assert.Contains(e.ErrorId, (string[])["KubeconfigInvalid", "KubeconfigFromNodeRefused"]);
    }

    [Fact]
    public void A_large_one_is_not_read_at_all()
    {
        TsException e = Assert.Throws<TsException>(() =>
            From(Sample + new string('#', FetchedKubeconfig.MaximumBytes))
        );
        Assert.Equal("KubeconfigFromNodeRefused", e.ErrorId);
    }

    /// <summary>Every cmdlet that fetches one, also where it only looks.</summary>
    [Theory]
    [InlineData("Get-TalosEsp ampone")]
    [InlineData("Test-TsCluster -Check KubernetesNode")]
    [InlineData("Invoke-UkiSwap ampone -Prune -WhatIf")]
    [InlineData("Restore-Uki ampone -WhatIf")]
    [InlineData("Install-TsNode ampone -WhatIf")]
    [InlineData("Undo-TsNode ampone -WhatIf")]
    [InlineData("Update-TalosNodeAddress ampone -OldAddress 192.168.1.9")]
    [InlineData("Test-TsNode ampone -ReadEsp -Check Version")]
    public async Task No_program_that_a_node_names_is_run_by(string command)
    {
        await using LabSession lab = await LabSession.StartAsync();
        string trace = Path.Combine(lab.Client.Folder, "was-run");
        string program = Path.Combine(lab.Client.Folder, "plugin");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\ntouch '{trace}'\n", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string forged = lab
            .Lab.Part<LabKubernetesPart>()!
            .Api.AdminKubeconfig.Replace(
                "  user:\n",
                $"  user:\n    exec: {{apiVersion: client.authentication.k8s.io/v1, command: {program}, interactiveMode: Never}}\n",
                StringComparison.Ordinal
            );
        foreach (LabNode node in lab.Lab.Nodes)
            node.Faults.Set(LabFault.ForgedKubeconfig, forged);
        lab.Invoke("$PSDefaultParameterValues.Remove('*:KubeConfig')").AssertNoErrors();

        PowerShellResult result = lab.Invoke(command);

        Assert.False(File.Exists(trace), $"'{command}' ran the program.");
        Assert.Contains("users[].user.exec", Said(result), StringComparison.Ordinal);
        Assert.Empty(lab.Pods);
    }

    private static string Said(PowerShellResult result) =>
        result.AllText() + string.Join('\n', result.OutputOf<TsCheck>().Select(check => check.Evidence));

    private static KubernetesConnection From(string text) =>
        KubernetesConnection.FromNode(Encoding.UTF8.GetBytes(text), "the Talos API");
}
