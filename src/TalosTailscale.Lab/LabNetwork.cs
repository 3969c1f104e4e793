using System.Globalization;
using System.Net;

namespace TalosTailscale.Lab;

/// <summary>A LAN that lab nodes are on, with the networks of the cluster on it. Nothing ever dials its addresses.</summary>
/// <param name="Subnet">The LAN (<c>192.168.1.0/24</c>).</param>
/// <param name="Router">The router, which is also what DHCP names as name server.</param>
/// <param name="ApiServer">Where the load balancer of the Kubernetes API is.</param>
/// <param name="PodSubnet">The network of the pods.</param>
/// <param name="ServiceSubnet">The network of the services.</param>
public sealed record LabNetwork(
    string Subnet,
    string Router,
    string ApiServer,
    string PodSubnet = "10.244.0.0/16",
    string ServiceSubnet = "10.96.0.0/12"
)
{
    /// <summary>The runbook's LAN.</summary>
    public static LabNetwork Runbook { get; } = new("192.168.1.0/24", "192.168.1.1", "192.168.1.200");

    /// <summary>The LAN of <see cref="LabNodeOptions.Many"/>.</summary>
    public static LabNetwork Fleet { get; } = new("10.20.0.0/16", "192.168.1.1", "192.168.1.200");

    /// <summary>A LAN in the shared address space of RFC 6598, as the runbook's own project has since 2026.</summary>
    public static LabNetwork SharedSpace { get; } = new("100.100.244.128/25", "100.100.244.129", "100.100.244.141");

    /// <summary>A LAN without IPv4.</summary>
    public static LabNetwork IPv6 { get; } =
        new(
            "fd12:3456:789a:1::/64",
            "fd12:3456:789a:1::1",
            "fd12:3456:789a:1::200",
            "fd12:3456:789a:f400::/56",
            "fd12:3456:789a:9600::/112"
        );

    private static readonly LabNetwork[] s_all = [Runbook, Fleet, SharedSpace, IPv6];

    /// <summary>Length of the prefix of the LAN.</summary>
    public int PrefixLength => IPNetwork.Parse(Subnet).PrefixLength;

    /// <summary>The LAN that an address is in; the runbook's for any other.</summary>
    /// <param name="address">The address.</param>
    /// <returns>The LAN.</returns>
    public static LabNetwork Of(string address) =>
        s_all.FirstOrDefault(n => IPNetwork.Parse(n.Subnet).Contains(IPAddress.Parse(address))) ?? Runbook;

    /// <summary>An address on this LAN for one of the runbook's LAN; different ones stay different.</summary>
    /// <param name="address">The address there.</param>
    /// <returns>The address here.</returns>
    internal string AddressLike(string address)
    {
        var last = address[(address.LastIndexOf('.') + 1)..];
        return this == IPv6 ? $"fd12:3456:789a:1::{last}"
            : this == SharedSpace ? $"100.100.244.{130 + (int.Parse(last, CultureInfo.InvariantCulture) % 100)}"
            : address;
    }
}
