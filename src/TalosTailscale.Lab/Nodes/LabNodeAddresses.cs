using System.Net;
using System.Net.Sockets;

namespace TalosTailscale.Lab.Nodes;

/// <summary>Which of a node's addresses Talos picks for what.</summary>
internal static class LabNodeAddresses
{
    /// <summary>The addresses outside the pod and service networks, as both sort algorithms order them: numerically.</summary>
    internal static IReadOnlyList<string> Routed(LabNode node) =>
        node.TailnetAddress is { } tailnet
            ?
            [
                .. new[] { node.Address, tailnet }
                    .Select(IPAddress.Parse)
                    .OrderBy(a => a.AddressFamily == AddressFamily.InterNetworkV6)
                    .ThenBy(
                        a => a.GetAddressBytes(),
                        Comparer<byte[]>.Create((l, r) => l.AsSpan().SequenceCompareTo(r))
                    )
                    .Select(a => a.ToString()),
            ]
            : [node.Address];

    /// <summary>The kubelet's node IP (controllers/k8s/nodeip.go).</summary>
    internal static string NodeIp(LabNode node) =>
        Pick(node, node.Config.Legacy.Texts("machine", "kubelet", "nodeIP", "validSubnets"));

    /// <summary>The address that etcd advertises to its peers (controllers/etcd/spec.go).</summary>
    internal static string Etcd(LabNode node) =>
        Pick(node, node.Config.Legacy.Texts("cluster", "etcd", "advertisedSubnets"));

    /// <summary>An address with the length of its network's prefix.</summary>
    internal static string Cidr(LabNode node, string address) =>
        address != node.TailnetAddress ? $"{address}/{node.Network.PrefixLength}" : address + "/32";

    /// <summary>The address as the host of a URL.</summary>
    internal static string Bracketed(string address) =>
        address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;

    private static string Pick(LabNode node, IReadOnlyList<string> subnets)
    {
        var routed = Routed(node);
        return subnets.Count == 0
            ? routed[0]
            : routed.FirstOrDefault(a =>
                subnets.Any(s => IPNetwork.TryParse(s, out var net) && net.Contains(IPAddress.Parse(a)))
            ) ?? routed[0];
    }
}
