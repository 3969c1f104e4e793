using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

/// <summary>No check of a cluster passes because something is silent.</summary>
public sealed class SilentMemberTests
{
    // No node of the inventory answers for the member, and Kubernetes has forgotten it.
    [Fact]
    public async Task A_member_of_etcd_that_is_down_is_seen_though_nobody_knows_its_node()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode altra = lab.Lab.Node("altra");
        altra.Faults.Set(LabFault.NeverBoots);
        altra.PowerCycle();
        await altra.WhenAsync(node => !node.IsApiUp, TestContext.Current.CancellationToken);
        lab.Lab.Part<LabKubernetesPart>()!.Api.Store.Delete(KubeResource.Nodes, null, altra.Nodename);

        PowerShellResult result = lab.Invoke("Test-TsCluster -Check EtcdMembers, EtcdLeader, LoadBalancer");

        result.AssertNoErrors();
        IReadOnlyList<TsCheck> checks = result.OutputOf<TsCheck>();
        Assert.Equal(3, checks.Count);
        Assert.All(checks, check => Assert.Equal(TsCheckStatus.Fail, check.Status));
        Assert.Contains(altra.Hostname, checks.Single(c => c.Name == "EtcdLeader").Evidence, StringComparison.Ordinal);
        foreach (string check in (string[])["EtcdMembers", "EtcdLeader", "LoadBalancer"])
            Assert.False(lab.Invoke($"Test-TsCluster -Quiet -Check {check}").Single<bool>());
    }
}
