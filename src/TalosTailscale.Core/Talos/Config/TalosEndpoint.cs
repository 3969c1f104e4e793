using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TalosTailscale.Core.Talos;

/// <summary>A Talos API to dial: the host that is also the name its certificate must hold, and the port.</summary>
/// <param name="Host">Host name or address; an IPv6 address without brackets.</param>
/// <param name="Port">TCP port.</param>
public sealed record TalosEndpoint(string Host, int Port)
{
    /// <summary>The port of apid (siderolabs/talos <c>constants.ApidPort</c>).</summary>
    public const int DefaultPort = 50000;

    private const int HttpsPort = 443;

    /// <summary>The host as an address; null when it is a name.</summary>
    public IPAddress? Address => IPAddress.TryParse(Host, out IPAddress? address) ? address : null;

    /// <summary>Reads an endpoint as a talosconfig or a user writes it.</summary>
    /// <param name="text">
    /// Host, host:port, IPv6 address with or without brackets, or an https URL (whose port is 443 unless given, as in
    /// siderolabs/talos pkg/machinery/client/resolver).
    /// </param>
    /// <returns>The endpoint.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosEndpointInvalid"/>.</exception>
    public static TalosEndpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string rest = text.Trim();
        int port = DefaultPort;
        int scheme = rest.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            if (!rest.AsSpan(0, scheme).Equals("https", StringComparison.OrdinalIgnoreCase))
                throw Invalid(text, "has a scheme other than https");
            rest = rest[(scheme + 3)..].TrimEnd('/');
            port = HttpsPort;
        }

        // An IPv6 address without brackets holds colons but no port; .NET would read one with brackets and drop its port.
        if (
            !rest.StartsWith('[')
            && IPAddress.TryParse(rest, out IPAddress? bare)
            && bare.AddressFamily == AddressFamily.InterNetworkV6
        )
            return new TalosEndpoint(bare.ToString(), port);

        string host = rest;
        int colon = rest.LastIndexOf(':');
        if (colon >= 0 && colon > rest.LastIndexOf(']'))
        {
            host = rest[..colon];
            if (
                !int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
                || port is < 1 or > 65535
            )
                throw Invalid(text, "has a port that is not a number from 1 to 65535");
        }

        return new TalosEndpoint(ParseHost(text, host), port);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static string ParseHost(string text, string host)
    {
        if (host.StartsWith('['))
        {
            if (!host.EndsWith(']') || !IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out IPAddress? v6))
                throw Invalid(text, "has brackets that do not hold an IPv6 address");
            return v6.ToString();
        }

        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4
            ? host
            : throw Invalid(text, "does not name a host");
    }

    private static TsException Invalid(string text, string why) =>
        TalosErrors.TalosEndpointInvalid.New(
            $"The endpoint '{text}' {why}; expected a host, host:port or https URL.",
            text
        );
}
