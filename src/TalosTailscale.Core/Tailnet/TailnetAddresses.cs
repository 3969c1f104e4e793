using System.Net;

namespace TalosTailscale.Core.Tailnet;

/// <summary>Which addresses are the tailnet's: those on the link <c>tailscale0</c>, as the node that was asked has them.</summary>
internal sealed class TailnetAddresses
{
    private const string Link = "tailscale0";

    private readonly HashSet<IPAddress> _elsewhere;
    private readonly IReadOnlyList<IPNetwork> _lans;

    private TailnetAddresses(IReadOnlyList<string> own, HashSet<IPAddress> elsewhere, IReadOnlyList<IPNetwork> lans)
    {
        Own = own;
        _elsewhere = elsewhere;
        _lans = lans;
    }

    /// <summary>The node's own addresses in the tailnet, without prefix lengths.</summary>
    public IReadOnlyList<string> Own { get; }

    /// <summary>The node's networks on other links that lie in the range of tailnets.</summary>
    public IReadOnlyList<string> LansInRange => [.. _lans.Select(lan => lan.ToString())];

    /// <summary>Tells by the links of a node.</summary>
    /// <param name="addresses">Links and their addresses with prefix lengths.</param>
    public static TailnetAddresses ByLink(IReadOnlyCollection<(string Link, string Address)> addresses)
    {
        var elsewhere = new HashSet<IPAddress>();
        var lans = new List<IPNetwork>();
        foreach ((string link, string text) in addresses.Where(one => one.Link is not (Link or "lo")))
        {
            if (!TailnetRange.TryParse(text, out IPAddress address))
                continue;
            elsewhere.Add(address);
            if (TailnetRange.Contains(text) && Network(text) is { } lan && !lans.Contains(lan))
                lans.Add(lan);
        }

        IEnumerable<string> own = addresses
            .Where(one => one.Link == Link && !one.Address.StartsWith("fe80:", StringComparison.OrdinalIgnoreCase))
            .Select(one => one.Address.Split('/')[0]);
        return new TailnetAddresses([.. own], elsewhere, lans);
    }

    /// <summary>Tells by the range, where no link is told.</summary>
    /// <param name="addresses">The node's addresses.</param>
    public static TailnetAddresses ByRange(IEnumerable<string> addresses) => new(TailnetRange.Of(addresses), [], []);

    /// <summary>An address, also of another node in the same LAN, is one of the tailnet.</summary>
    /// <param name="text">The address; a prefix length and a port are left out.</param>
    public bool Contains(string text)
    {
        if (!TailnetRange.TryParse(text, out IPAddress address))
            return false;
        if (Own.Contains(address.ToString()))
            return true;
        return TailnetRange.Contains(text) && !_elsewhere.Contains(address) && !_lans.Any(lan => lan.Contains(address));
    }

    /// <summary>The first of a node's addresses that is not the tailnet's; where all seem to be, the first.</summary>
    /// <param name="addresses">The addresses.</param>
    public string? FirstOfLan(IReadOnlyList<string> addresses) =>
        addresses.FirstOrDefault(one => !Contains(one)) ?? (addresses is [var first, ..] ? first : null);

    /// <summary>
    /// tailscaled leaves alone what comes from the range by another link. By itself it drops that, and the node loses its
    /// LAN (tailscale/tailscale#12829, siderolabs' nodes among those reported).
    /// </summary>
    /// <param name="extraArgs">The value of <c>TS_EXTRA_ARGS</c>; null when not set.</param>
    public static bool LeavesLan(string? extraArgs) =>
        UpArguments.Parse(extraArgs)["netfilter-mode"] is "nodivert" or "off";

    // A single address makes no network of others.
    private static IPNetwork? Network(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !int.TryParse(text.AsSpan(slash + 1), out int length))
            length = -1;
        if (!TailnetRange.TryParse(text, out IPAddress address))
            return null;
        int bits = address.GetAddressBytes().Length * 8;
        length = length < 0 || length > bits ? bits : length;
        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < bits; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }
}
