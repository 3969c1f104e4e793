using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Tests.Tailnet;

/// <summary>A LAN in the range of tailnets beside the tailnet itself (proompteng/lab has one).</summary>
public sealed class TailnetAddressesTests
{
    private static readonly TailnetAddresses s_node = TailnetAddresses.ByLink([
        ("lo", "127.0.0.1/8"),
        ("eth0", "100.100.244.190/25"),
        ("eth0", "fe80::1/64"),
        ("tailscale0", "100.101.102.103/32"),
        ("tailscale0", "fd7a:115c:a1e0::1/128"),
        ("tailscale0", "fe80::2/64"),
    ]);

    [Theory]
    [InlineData("100.101.102.103", true)]
    [InlineData("100.101.102.103/32", true)]
    [InlineData("fd7a:115c:a1e0::1", true)]
    [InlineData("100.64.0.7", true)] // another node's, by the range
    [InlineData("100.100.244.190", false)]
    [InlineData("100.100.244.141", false)] // another node's in the LAN
    [InlineData("192.168.1.1", false)]
    [InlineData("no address", false)]
    public void The_link_tells_the_tailnet(string address, bool tailnet) =>
        Assert.Equal(tailnet, s_node.Contains(address));

    [Fact]
    public void Own_addresses_and_networks_are_those_of_the_links()
    {
        Assert.Equal(["100.101.102.103", "fd7a:115c:a1e0::1"], s_node.Own);
        Assert.Equal(["100.100.244.128/25"], s_node.LansInRange);
    }

    [Fact]
    public void No_node_is_left_without_an_address()
    {
        Assert.Equal("100.100.244.141", s_node.FirstOfLan(["100.64.0.7", "100.100.244.141"]));
        Assert.Equal("100.64.0.7", s_node.FirstOfLan(["100.64.0.7"]));
        Assert.Equal("192.168.1.2", TailnetAddresses.ByRange([]).FirstOfLan(["100.64.0.7", "192.168.1.2"]));
    }

    [Fact]
    public void A_tailnet_with_another_range_is_known_by_its_link()
    {
        TailnetAddresses node = TailnetAddresses.ByLink([("eth0", "192.168.1.2/24"), ("tailscale0", "10.9.0.3/32")]);

        Assert.True(node.Contains("10.9.0.3"));
        Assert.Empty(node.LansInRange);
    }

    [Theory]
    [InlineData("--netfilter-mode=nodivert", true)]
    [InlineData("--accept-routes --netfilter-mode off", true)]
    [InlineData("--netfilter-mode=on", false)]
    [InlineData("--netfilter-mode=", false)]
    [InlineData("--advertise-tags=tag:nodivert", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_nodivert_and_off_leave_the_LAN_alone(string? arguments, bool leaves) =>
        Assert.Equal(leaves, TailnetAddresses.LeavesLan(arguments));
}
