using System.Net;
using System.Net.Sockets;

namespace TalosTailscale.Core.Tailnet;

/// <summary>
/// The addresses that tailnets use. A LAN may have addresses of the range too, so it tells a tailnet's address only where
/// no link does: <see cref="TailnetAddresses"/>.
/// </summary>
internal static class TailnetRange
{
    /// <summary>The resolver inside tailscaled.</summary>
    public const string Resolver = "100.100.100.100";

    /// <summary>True for 100.64.0.0/10 (RFC 6598) and tailscale's fd7a:115c:a1e0::/48; a prefix length and a port are left out.</summary>
    public static bool Contains(string text)
    {
        if (!TryParse(text, out var address))
            return false;
        var bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? bytes[0] == 100 && (bytes[1] & 0xC0) == 64
            : bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0]);
    }

    /// <summary>The address of a CIDR text (<c>192.168.1.203/24</c>).</summary>
    public static bool TryParse(string text, out IPAddress address)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var good = IPAddress.TryParse(slash < 0 ? text : text[..slash], out var parsed);
        address = parsed ?? IPAddress.None;
        return good;
    }

    /// <summary>The addresses of the range among the addresses of a node.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> addresses) =>
        [
            .. addresses
                .Where(Contains)
                .Select(text => TryParse(text, out var address) ? address : IPAddress.None)
                .OrderBy(address => address.AddressFamily)
                .Select(address => address.ToString()),
        ];
}
