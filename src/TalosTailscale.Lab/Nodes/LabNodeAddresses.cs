using System.Net;

namespace TalosTailscale.Lab.Nodes;

/// <summary>Which of a node's addresses Talos picks for what.</summary>
internal static class LabNodeAddresses
{
    /// <summary>The addresses outside the pod and service networks, as both sort algorithms order them: numerically.</summary>
    internal static IReadOnlyList<string> Routed(LabNode node) =>
        node.TailnetAddress is { } tailnet
            ?
            [
                .. new[] { node.Address, tailnet }.OrderBy(
                    a => IPAddress.Parse(a).GetAddressBytes(),
                    Comparer<byte[]>.Create((l, r) => l.AsSpan().SequenceCompareTo(r))
                ),
            ]
            : [node.Address];

    /// <summary>The kubelet's node IP (controllers/k8s/nodeip.go).</summary>
    internal static string NodeIp(LabNode node) =>
        Pick(node, node.Config.Legacy.Texts("machine", "kubelet", "nodeIP", "validSubnets"));

    /// <summary>The address that etcd advertises to its peers (controllers/etcd/spec.go).</summary>
    internal static string Etcd(LabNode node) =>
        Pick(node, node.Config.Legacy.Texts("cluster", "etcd", "advertisedSubnets"));

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
