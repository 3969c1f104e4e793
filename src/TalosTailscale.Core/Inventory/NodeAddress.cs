using System.Net;

namespace TalosTailscale.Core.Inventory;

/// <summary>Addresses of nodes as texts.</summary>
public static class NodeAddress
{
    /// <summary>Whether two texts are one address, however it is written (<c>fd00::1</c>, <c>FD00:0::1</c>), or the same name.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool Same(string left, string right) =>
        left == right
        || (IPAddress.TryParse(left, out IPAddress? a) && IPAddress.TryParse(right, out IPAddress? b) && a.Equals(b));

    /// <summary>Whether a URL leads to the address.</summary>
    internal static bool IsHostOf(string url, string address) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && Same(uri.Host.Trim('[', ']'), address);
}
