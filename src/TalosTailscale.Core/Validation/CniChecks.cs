using System.Net;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// The check of what shares the kernel's networking with tailscale: the CNI, known by the links it makes, and the
/// routes that tailscale itself sets.
/// </summary>
internal static class CniChecks
{
    // By the names of their links: cilium/cilium pkg/defaults, projectcalico/calico felix/config, flannel-io/flannel
    // backend/vxlan and wireguard, containernetworking/plugins bridge, kube-router, antrea, ovn-kubernetes.
    private static readonly Kind[] s_kinds =
    [
        new("Cilium", ["cilium_"], Causes.CiliumBesideTailscale),
        new("Calico", ["cali", "vxlan.calico", "vxlan-v6.calico", "wireguard.cali"], Causes.CalicoBesideTailscale),
        new("Flannel", ["flannel", "cni0"], null),
        new("kube-router", ["kube-bridge", "kube-dummy-if"], null),
        new("Antrea", ["antrea-gw"], null),
        new("OVN-Kubernetes", ["ovn-k8s-"], null),
    ];

    public static NodeCheck Cni { get; } =
        new("Cni", "neither the CNI nor a route of the tailnet is in the way", false, async (probe, _) =>
        {
            var links = await probe.LinksAsync().ConfigureAwait(false);
            var kinds = s_kinds.Where(kind => links.Any(kind.Made)).ToArray();
            var names = kinds.Length == 0 ? "no known CNI" : string.Join(" and ", kinds.Select(kind => kind.Name));
            var own = await probe.AddressesNowAsync().ConfigureAwait(false);
            var routes = await probe.RoutesAsync().ConfigureAwait(false);
            if (Taken(routes, own) is var (route, address))
                return CheckResult.Fail(
                    Causes.TailnetRouteTakesOwn,
                    $"{names}; the route {route} through tailscale holds the node's own {address}"
                );
            return kinds.FirstOrDefault(kind => kind.Conflict is not null) is { Conflict: { } conflict }
                ? CheckResult.Warn(conflict, names)
                : CheckResult.Pass($"{names}; no route through tailscale holds an address of the node");
        });

    private static (string Route, string Address)? Taken(
        IReadOnlyList<(string Destination, string Link)> routes,
        IReadOnlyList<string> addresses
    )
    {
        var own = addresses.Where(one => !TailnetRange.Contains(one) && !IsLocal(one)).ToArray();
        foreach (var (destination, link) in routes)
        {
            if (!link.StartsWith("tailscale", StringComparison.Ordinal) || TailnetRange.Contains(destination))
                continue;
            if (!IPNetwork.TryParse(destination, out var taken))
                continue;
            // The route holds the address, or is a part of the network that the address is in.
            foreach (var one in own)
                if (
                    TailnetRange.TryParse(one, out var address)
                    && (taken.Contains(address) || NetworkOf(one, address)?.Contains(taken.BaseAddress) == true)
                )
                    return (destination, one);
        }

        return null;
    }

    private static IPNetwork? NetworkOf(string text, IPAddress address)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !int.TryParse(text.AsSpan(slash + 1), out var length))
            return null;
        var bytes = address.GetAddressBytes();
        if (length < 0 || length > bytes.Length * 8)
            return null;
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }

    private static bool IsLocal(string text) =>
        !TailnetRange.TryParse(text, out var address) || IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal;

    private sealed record Kind(string Name, string[] Links, TsCheckCause? Conflict)
    {
        public bool Made(string link) => Links.Any(name => link.StartsWith(name, StringComparison.Ordinal));
    }
}
