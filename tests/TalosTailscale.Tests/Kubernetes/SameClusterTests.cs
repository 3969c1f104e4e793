using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>A talosconfig of one cluster with the kubeconfig of another whose nodes have the same names and addresses.</summary>
public sealed class SameClusterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Invoke-UkiSwap ampone -Path $p -Reboot -Confirm:$false")]
    [InlineData("Invoke-UkiSwap ampone -Path $p -WhatIf")]
    [InlineData("Invoke-UkiSwap ampone -Prune -Confirm:$false")]
    [InlineData("Restore-Uki ampone -Confirm:$false")]
    [InlineData("Get-TalosEsp ampone")]
    [InlineData("Install-TsNode ampone -Confirm:$false")]
    [InlineData("Undo-TsNode ampone -Confirm:$false")]
    [InlineData("Update-TalosNodeAddress ampone KubernetesNode -OldAddress 192.168.1.9 -Confirm:$false")]
    [InlineData("Update-TalosNodeAddress ampone -OldAddress 192.168.1.9")]
    [InlineData("Test-TsNode ampone -ReadEsp -Check Version")]
    public async Task Nothing_is_done_to_either_by(string command)
    {
        await using LabSession a = await UkiSwapLabTests.StartAsync();
        await using LabCluster b = await LabCluster.StartAsync(null, Stop);
        string uki = UkiSwapLabTests.Write(a, new LabUkiSpec(), "Talos-v1.12.4.efi");
        a.Session.Runspace.SessionStateProxy.SetVariable("p", uki);
        a.Invoke("param($k) $PSDefaultParameterValues['*:KubeConfig'] = $k", ("k", Kubeconfig(a, b)));
        Dictionary<string, long> files = Files(b);
        Guid[] boots = [.. a.Lab.Nodes.Concat(b.Nodes).Select(node => node.BootId)];

        PowerShellResult result = a.Invoke(command);

        Assert.Contains("has none of the 3 machines", Said(result), StringComparison.Ordinal);
        Assert.Equal(files, Files(b));
        Assert.Equal(boots, a.Lab.Nodes.Concat(b.Nodes).Select(node => node.BootId));
        Assert.Empty(a.Pods);
        Assert.Empty(b.Part<LabKubernetesPart>()!.Api.Pods);
    }

    [Fact]
    public async Task The_check_of_the_cluster_fails_and_no_other_passes_on_the_mix()
    {
        await using LabSession a = await UkiSwapLabTests.StartAsync();
        await using LabCluster b = await LabCluster.StartAsync(null, Stop);

        IReadOnlyList<TsCheck> checks = a.Invoke("param($k) Test-TsCluster -KubeConfig $k", ("k", Kubeconfig(a, b)))
            .OutputOf<TsCheck>();
        PowerShellResult quiet = a.Invoke("param($k) Test-TsCluster -KubeConfig $k -Quiet", ("k", Kubeconfig(a, b)));

        Assert.Equal("ClustersDiffer", Assert.Single(checks, check => check.Name == "SameCluster").Cause);
        Assert.All(checks.Where(check => check.Name is "KubernetesNode" or "StaleNodes" or "RegistryPods"), check =>
            Assert.Equal(TsCheckStatus.Fail, check.Status)
        );
        Assert.False(quiet.Single<bool>());
    }

    [Fact]
    public async Task The_context_of_the_kubeconfig_chooses_the_cluster()
    {
        await using LabSession a = await UkiSwapLabTests.StartAsync();
        await using LabCluster b = await LabCluster.StartAsync(null, Stop);
        string both = Path.Combine(a.Client.Folder, "both");
        string[] lines = [.. Contexts(b, "theirs"), .. Contexts(a.Lab, "ours")];
        await File.WriteAllTextAsync(
            both,
            "apiVersion: v1\nkind: Config\ncurrent-context: theirs\n"
                + string.Concat(
                    ((string[])["clusters", "users", "contexts"]).Select(
                        (list, i) => $"{list}:\n{lines[i]}{lines[i + 3]}"
                    )
                ),
            Stop
        );

        a.Invoke("param($k) Get-TalosEsp ampone -KubeConfig $k", ("k", both)).AssertError("ClustersDiffer");
        a.Invoke("param($k) Get-TalosEsp ampone -KubeConfig $k -KubeContext ours", ("k", both)).Single<EspInfo>();
        PowerShellResult unknown = a.Invoke(
            "param($k) Get-TalosEsp ampone -KubeConfig $k -KubeContext prod",
            ("k", both)
        );
        Assert.Contains(
            "-KubeContext",
            unknown.AssertError("KubeconfigContextNotFound").ErrorDetails.RecommendedAction,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ["ours", "theirs"],
            KubernetesConnection.Contexts(both).Select(context => context.Name).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_reader_can_prove_it_where_a_node_is_Ready()
    {
        await using TalosLab lab = await TalosLab.StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);

        string proof = await SameCluster.RequireAsync(Reader(lab), kubernetes, Stop);

        Assert.Contains("machine id", proof, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_that_are_not_Ready_prove_it_only_by_the_boot_id()
    {
        await using TalosLab lab = await TalosLab.StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        foreach (LabNode node in lab.Cluster.Nodes)
            node.Change(one => one.IsKubernetesReady = false);

        string proof = await SameCluster.RequireAsync(lab.Connect(), kubernetes, Stop);
        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            SameCluster.RequireAsync(Reader(lab), kubernetes, Stop)
        );

        Assert.Contains("boot id", proof, StringComparison.Ordinal);
        Assert.Equal("ClustersNotCompared", e.ErrorId);
        Assert.Contains("os:admin", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_Kubernetes_has_as_another_machine_is_not_drained()
    {
        await using TalosLab lab = await TalosLab.StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        LabNode altra = lab.Cluster.Node("altra");

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            SameCluster.RequireNodeAsync(lab.Client("ampone"), kubernetes, altra.Hostname, Stop)
        );
        KubernetesNodeState own = await SameCluster.RequireNodeAsync(
            lab.Client("altra"),
            kubernetes,
            altra.Hostname,
            Stop
        );

        Assert.Equal("KubernetesNodeDiffers", e.ErrorId);
        Assert.Equal(altra.MachineId, own.MachineId);
    }

    private static TalosClient Reader(TalosLab lab) => lab.Connect(lab.Api.Authority.IssueClient(["os:reader"]));

    private static KubernetesConnection Connect(LabCluster cluster) =>
        KubernetesConnection.FromBytes(
            System.Text.Encoding.UTF8.GetBytes(cluster.Part<LabKubernetesPart>()!.AdminKubeconfig),
            "test"
        );

    private static string Kubeconfig(LabSession a, LabCluster b)
    {
        string path = Path.Combine(a.Client.Folder, "other-kubeconfig");
        File.WriteAllText(path, b.Part<LabKubernetesPart>()!.AdminKubeconfig);
        return path;
    }

    // The entries of the three lists, under a name of their own.
    private static string[] Contexts(LabCluster cluster, string name)
    {
        string text = cluster
            .Part<LabKubernetesPart>()!
            .AdminKubeconfig.Replace("admin@lab", name, StringComparison.Ordinal)
            .Replace("name: lab", $"name: {name}", StringComparison.Ordinal)
            .Replace("cluster: lab", $"cluster: {name}", StringComparison.Ordinal);
        string[] parts = text.Split(
            ["clusters:\n", "users:\n", "contexts:\n", "current-context:"],
            StringSplitOptions.None
        );
        return parts[1..4];
    }

    private static Dictionary<string, long> Files(LabCluster cluster) =>
        cluster
            .Nodes.SelectMany(node => Directory.EnumerateFiles(node.EspDirectory, "*", SearchOption.AllDirectories))
            .ToDictionary(path => path, path => File.GetLastWriteTimeUtc(path).Ticks);

    private static string Said(PowerShellResult result) =>
        result.AllText() + string.Join('\n', result.OutputOf<TsCheck>().Select(check => check.Evidence));
}
