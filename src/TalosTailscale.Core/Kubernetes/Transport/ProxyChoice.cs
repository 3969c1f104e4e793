using System.Net;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Which proxy leads to a server: the kubeconfig's <c>proxy-url</c>, else <c>HTTPS_PROXY</c> unless <c>NO_PROXY</c> names the
/// server, by the rules of Go's golang.org/x/net/http/httpproxy.
/// </summary>
internal static class ProxyChoice
{
    /// <summary>The proxy; null for none.</summary>
    /// <param name="server">The API server.</param>
    /// <param name="proxyUrl">The kubeconfig's; empty for none.</param>
    /// <param name="source">What to call the kubeconfig in messages.</param>
    /// <param name="variable">Looks an environment variable up.</param>
    /// <exception cref="TsException">KubeconfigInvalid: the address is none, or of a kind that is not known.</exception>
    internal static Uri? For(Uri server, string proxyUrl, string source, Func<string, string?> variable)
    {
        if (proxyUrl.Length > 0)
            return IsProxy(proxyUrl, out Uri? named)
                ? named
                : throw KubernetesErrors.KubeconfigInvalid.New(
                    $"The kubeconfig '{source}' has the 'proxy-url' '{Hide(proxyUrl)}', expected http, https or socks5.",
                    source
                );
        string address = Either("HTTPS_PROXY", "https_proxy");
        if (address.Length == 0 || IsExempt(server, Either("NO_PROXY", "no_proxy")))
            return null;
        return IsProxy(address, out Uri? proxy) || IsProxy("http://" + address, out proxy)
            ? proxy
            : throw KubernetesErrors.KubernetesProxyFailed.New(
                $"HTTPS_PROXY is '{Hide(address)}', expected the address of an http, https or socks5 proxy.",
                server.ToString()
            );

        string Either(string name, string other) => variable(name) is { Length: > 0 } one ? one : variable(other) ?? "";
    }

    /// <summary>An address without the name and password that it may hold.</summary>
    internal static string Hide(string address) =>
        address.LastIndexOf('@') is >= 0 and var at ? "…" + address[at..] : address;

    private static bool IsProxy(string address, out Uri? proxy) =>
        Uri.TryCreate(address, UriKind.Absolute, out proxy)
        && proxy.Scheme is "http" or "https" or "socks5" or "socks5h"
        && proxy!.Host.Length > 0;

    private static bool IsExempt(Uri server, string exempt)
    {
        string host = server.IdnHost.ToLowerInvariant();
        IPAddress? address = IPAddress.TryParse(host, out IPAddress? parsed) ? parsed : null;
        if (host == "localhost" || (address is not null && IPAddress.IsLoopback(address)))
            return true;
        foreach (
            string entry in exempt.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        )
            if (Matches(entry.ToLowerInvariant(), host, address, server.Port))
                return true;
        return false;
    }

    private static bool Matches(string entry, string host, IPAddress? address, int port)
    {
        if (entry == "*")
            return true;
        if (entry.Split('/') is [var start, var bits] && IPAddress.TryParse(start, out IPAddress? network))
            return address is not null && int.TryParse(bits, out int length) && IsIn(address, network, length);
        if (Port(ref entry) is { } only && only != port)
            return false;
        if (IPAddress.TryParse(entry.Trim('[', ']'), out IPAddress? exact))
            return exact.Equals(address);
        if (address is not null || entry.Length == 0)
            return false;
        // "example.org" is that and all below it, ".example.org" and "*.example.org" only what is below.
        string name = entry.StartsWith("*.", StringComparison.Ordinal) ? entry[1..] : entry;
        bool below = name[0] == '.';
        name = name.TrimStart('.');
        return host.EndsWith("." + name, StringComparison.Ordinal) || (!below && host == name);
    }

    private static bool IsIn(IPAddress address, IPAddress network, int length)
    {
        byte[] one = address.GetAddressBytes(),
            other = network.GetAddressBytes();
        return one.Length == other.Length
            && Enumerable.Range(0, Math.Clamp(length, 0, one.Length * 8)).All(bit => Bit(one, bit) == Bit(other, bit));

        static int Bit(byte[] bytes, int bit) => (bytes[bit / 8] >> (7 - (bit % 8))) & 1;
    }

    private static int? Port(ref string entry)
    {
        int colon = entry.LastIndexOf(':');
        bool isIpv6 =
            entry.IndexOf(':', StringComparison.Ordinal) != colon && !entry.Contains(']', StringComparison.Ordinal);
        if (colon < 0 || isIpv6 || entry.EndsWith(']') || !int.TryParse(entry[(colon + 1)..], out int port))
            return null;
        entry = entry[..colon];
        return port;
    }
}
