using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Validation;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

/// <summary>
/// What shares the kernel's networking with tailscale (tailscale#591, #19876, cilium#36104,
/// terraform-hcloud-talos#290).
/// </summary>
public sealed class CniCheckTests
{
    [Theory]
    [InlineData("lo eth0 lxc0a1b2c3 cilium_host cilium_net cilium_vxlan", "Cilium", "CiliumBesideTailscale")]
    [InlineData("lo eth0 cali0a1b2c3d4e5 vxlan.calico", "Calico", "CalicoBesideTailscale")]
    [InlineData("lo eth0 cni0 flannel.1 cilium_host", "Cilium and Flannel", "CiliumBesideTailscale")]
    [InlineData("lo eth0 cni0 flannel.1", "Flannel", null)]
    [InlineData("lo eth0", "no known CNI", null)]
    public async Task The_CNI_is_named_with_what_is_known_of_it(string links, string names, string? cause)
    {
        var check = await RunAsync(new FakeNodeProbe { Links = links.Split(' ') });

        Assert.Equal(cause, check.Cause);
        Assert.Equal(cause is null ? TsCheckStatus.Pass : TsCheckStatus.Warning, check.Status);
        Assert.StartsWith(names, check.Evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.168.0.0/16", true)]
    [InlineData("192.168.1.128/25", true)]
    [InlineData("0.0.0.0/0", true)]
    [InlineData("10.244.0.0/16", true)]
    [InlineData("192.168.2.0/24", false)]
    [InlineData("100.100.7.0/24", false)]
    [InlineData("fd7a:115c:a1e0::/48", false)]
    [InlineData("ff00::/8", false)]
    [InlineData("not a network", false)]
    public async Task A_route_into_the_tailnet_that_takes_the_nodes_own_is_a_failure(string destination, bool taken)
    {
        var probe = new FakeNodeProbe
        {
            Addresses = ["127.0.0.1/8", "192.168.1.203/24", "10.244.0.1/24", "fe80::1/64", "100.101.102.103/32"],
            Routes = [("192.168.1.0/24", "eth0"), ("100.64.0.0/10", "tailscale0"), (destination, "tailscale0")],
        };

        var check = await RunAsync(probe);

        Assert.Equal(taken ? "TailnetRouteTakesOwn" : null, check.Cause);
        if (taken)
            Assert.Contains(destination, check.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_of_the_lab_tells_its_links_and_routes()
    {
        await using var lab = await LabSession.StartAsync();

        var check = lab.Invoke("Test-TsNode ampone -Check Cni").Single<TsCheck>();

        Assert.Equal(TsCheckStatus.Pass, check.Status);
        Assert.StartsWith("Flannel", check.Evidence, StringComparison.Ordinal);
    }

    private static async Task<TsCheck> RunAsync(FakeNodeProbe probe)
    {
        var options = new NodeValidationOptions { Checks = ["Cni"] };
        var checks = new List<TsCheck>();
        await foreach (
            var check in NodeValidation.RunAsync(
                [probe.Node],
                _ => probe,
                options,
                SilentReporter.Instance,
                TestContext.Current.CancellationToken
            )
        )
            checks.Add(check);
        return Assert.Single(checks);
    }
}
