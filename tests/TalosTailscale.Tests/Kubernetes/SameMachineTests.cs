using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>What proves that Talos and Kubernetes are of one cluster, and what does not.</summary>
public sealed class SameMachineTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // no members at all: the endpoint's own identity is enough
    public async Task One_machine_that_is_Ready_in_both_proves_it(bool discovery)
    {
        await using TalosLab lab = await TalosLab.StartAsync(new LabOptions { Discovery = discovery });
        using KubernetesConnection kubernetes = Connect(lab.Cluster);

        string proof = await SameCluster.RequireAsync(lab.Connect(), kubernetes, Stop);

        Assert.Contains(lab.Cluster.Nodes[0].MachineId, proof, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_endpoint_may_be_missing_among_the_nodes_where_another_member_is_Ready()
    {
        await using TalosLab lab = await TalosLab.StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        foreach (LabNode node in lab.Cluster.Nodes.Take(2))
            node.Change(one => one.IsKubernetesReady = false);

        string proof = await SameCluster.RequireAsync(lab.Connect(), kubernetes, Stop);

        Assert.Contains($"'{lab.Cluster.Nodes[2].Hostname}' has the machine id", proof, StringComparison.Ordinal);
    }

    // Nothing of the two is one, whether their nodes are Ready, whether the boot id may be read.
    [Theory]
    [InlineData("os:admin", true, true)]
    [InlineData("os:admin", false, true)]
    [InlineData("os:reader", true, true)]
    [InlineData("os:reader", true, false)]
    public async Task Two_clusters_differ(string role, bool ready, bool discovery)
    {
        await using TalosLab lab = await TalosLab.StartAsync(new LabOptions { Discovery = discovery });
        await using LabCluster other = await LabCluster.StartAsync(null, Stop);
        foreach (LabNode node in other.Nodes)
            node.Change(one => one.IsKubernetesReady = ready);
        using KubernetesConnection kubernetes = Connect(other);

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            SameCluster.RequireAsync(lab.Connect(lab.Api.Authority.IssueClient([role])), kubernetes, Stop)
        );

        Assert.Equal("ClustersDiffer", e.ErrorId);
        Assert.Contains($"none of the {(discovery ? 3 : 1)} machines", e.Message, StringComparison.Ordinal);
    }

    // No identity and no member: nothing is proven, and nothing is refuted.
    [Fact]
    public async Task Where_Talos_names_no_machine_they_are_not_compared()
    {
        await using TalosLab lab = await TalosLab.StartAsync(new LabOptions { Discovery = false });
        await using LabCluster other = await LabCluster.StartAsync(null, Stop);
        using KubernetesConnection kubernetes = Connect(other);
        foreach (LabNode node in lab.Cluster.Nodes)
            node.Faults.Set(LabFault.CallFails, "Identities.cluster.talos.dev NotFound resource doesn't exist");

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            SameCluster.RequireAsync(lab.Connect(), kubernetes, Stop)
        );

        Assert.Equal("ClustersNotCompared", e.ErrorId);
        Assert.Contains("Talos names no machine", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Internal something broke")]
    [InlineData("DeadlineExceeded context deadline exceeded")]
    public async Task A_boot_id_that_cannot_be_had_for_another_reason_ends_it(string answer)
    {
        await using TalosLab lab = await TalosLab.StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        foreach (LabNode node in lab.Cluster.Nodes)
        {
            node.Change(one => one.IsKubernetesReady = false);
            node.Faults.Set(LabFault.CallFails, $"/proc/sys/kernel/random/boot_id {answer}");
        }

        await Assert.ThrowsAsync<TsException>(() => SameCluster.RequireAsync(lab.Connect(), kubernetes, Stop));
    }

    [Fact]
    public async Task A_node_without_an_identity_is_no_node_of_Kubernetes()
    {
        await using TalosLab lab = await TalosLab.StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        LabNode ampone = lab.Cluster.Node("ampone");
        Assert.Equal(
            ampone.Hostname,
            (await SameCluster.RequireNodeAsync(lab.Client("ampone"), kubernetes, ampone.Hostname, Stop)).Name
        );
        ampone.Faults.Set(LabFault.CallFails, "Identities.cluster.talos.dev NotFound resource doesn't exist");

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            SameCluster.RequireNodeAsync(lab.Client("ampone"), kubernetes, ampone.Hostname, Stop)
        );

        Assert.Equal("KubernetesNodeDiffers", e.ErrorId);
        Assert.Contains("has 'none' by its identity", e.Message, StringComparison.Ordinal);
    }

    private static KubernetesConnection Connect(LabCluster cluster) =>
        KubernetesConnection.FromBytes(
            System.Text.Encoding.UTF8.GetBytes(cluster.Part<LabKubernetesPart>()!.AdminKubeconfig),
            "test"
        );
}
