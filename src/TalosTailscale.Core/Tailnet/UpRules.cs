using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Tailnet;

/// <summary>
/// What <c>tailscale up</c> refuses of the settings that containerboot hands to it (tailscale/tailscale
/// cmd/tailscale/cli/up.go, net/netutil/routes.go, util/dnsname, ipn/ipnlocal checkPrefs; v1.80 to v1.102).
/// </summary>
internal static partial class UpRules
{
    private static readonly IPNetwork s_via = IPNetwork.Parse("fd7a:115c:a1e0:b1a::/64");

    /// <summary>Checks settings.</summary>
    /// <param name="values">The variables.</param>
    /// <param name="up">TS_EXTRA_ARGS; its flags come last, so they count before the variables.</param>
    /// <param name="key">The key that takes the placeholder's place; null when the values are those of a running node.</param>
    public static IEnumerable<ContainerbootFinding> Check(
        IReadOnlyDictionary<string, string> values,
        UpArguments up,
        AuthKey? key
    ) =>
        [
            .. Words(values.GetValueOrDefault("TS_EXTRA_ARGS"), up),
            .. Hostname(up["hostname"] ?? values.GetValueOrDefault("TS_HOSTNAME")),
            .. Routes(up["advertise-routes"] ?? values.GetValueOrDefault("TS_ROUTES")),
            .. Dns(up["accept-dns"] ?? values.GetValueOrDefault("TS_ACCEPT_DNS")),
            .. Modes(up),
            .. Tags(up["advertise-tags"]),
            .. Login(values, up, key),
        ];

    // With quotes every other complaint is about the quotes, and they are what is wrong.
    private static IReadOnlyList<ContainerbootFinding> Words(string? extra, UpArguments up) =>
        extra is not null && extra.AsSpan().IndexOfAny('"', '\'') >= 0
            ?
            [
                Error(
                    "ExtraArgumentsQuoted",
                    "TS_EXTRA_ARGS has quotes; containerboot splits it at blanks and passes the quotes on.",
                    "Write the arguments without quotes and without blanks in them."
                ),
            ]
            : up.Findings;

    private static IEnumerable<ContainerbootFinding> Hostname(string? name)
    {
        if (string.IsNullOrEmpty(name) || name.AsSpan().IndexOfAny('"', '\'') >= 0)
            yield break;
        var labels = (name.EndsWith('.') ? name[..^1] : name).Split('.');
        if (name.Length > 254 || !labels.All(label => Label().IsMatch(label)))
            yield return Error(
                "HostnameInvalid",
                $"The host name '{name}' is not made of DNS labels: 1 to 63 letters, digits and inner hyphens each.",
                "Choose a name such as 'ampone'."
            );
    }

    private static IEnumerable<ContainerbootFinding> Routes(string? routes)
    {
        var defaults = new List<string>();
        foreach (var route in string.IsNullOrEmpty(routes) ? [] : routes.Split(','))
        {
            if (!TryParseRoute(route, out var address, out var length))
                yield return Error(
                    "RouteInvalid",
                    $"The route '{route}' is not a network in CIDR form.",
                    "Write a route as 10.96.0.0/12, several with a comma and no blank."
                );
            else if (!Network(address, length).Equals(address))
                yield return Error(
                    "RouteHasHostBits",
                    $"The route '{route}' has host bits set; '{Network(address, length)}/{length}' was expected.",
                    $"Write '{Network(address, length)}/{length}'."
                );
            else if (s_via.Contains(address) && length >= 64 && !IsVia(address, length))
                yield return Error(
                    "RouteInvalid",
                    $"The route '{route}' is in the range for IPv4 in IPv6 and is none: its length has to be 96 to 128 and its site 0 to 65535.",
                    "Have it made by 'tailscale debug via SITE NETWORK'."
                );
            else if (length == 0)
                defaults.Add(route);
        }

        if (defaults.Distinct(StringComparer.Ordinal).ToArray() is [var alone])
            yield return Error(
                "RouteWithoutCounterpart",
                $"The route '{alone}' is offered without its counterpart; tailscale takes 0.0.0.0/0 and ::/0 only together.",
                "Write --advertise-exit-node into TS_EXTRA_ARGS in its place, or both routes."
            );
    }

    private static IEnumerable<ContainerbootFinding> Dns(string? wanted)
    {
        if (GoBool.TryParse(wanted, out var accept) && accept)
            yield return Warning(
                "AcceptDnsOn",
                "Tailscale is to manage /etc/resolv.conf, which is on a read-only file system on Talos.",
                "Set TS_ACCEPT_DNS=false and put 100.100.100.100 first among the node's resolvers."
            );
    }

    private static IEnumerable<ContainerbootFinding> Modes(UpArguments up)
    {
        if (up["netfilter-mode"] is { } mode and not ("on" or "nodivert" or "off"))
            yield return Error(
                "FlagValueInvalid",
                $"--netfilter-mode is '{mode}'; on, nodivert or off was expected.",
                "Write --netfilter-mode=on, =nodivert or =off."
            );
        if (up["host-routes"] is not null and not "true")
            yield return Error("FlagValueInvalid", "--host-routes can only be true.", "Remove --host-routes.");
        var exit = !string.IsNullOrEmpty(up["exit-node"]);
        if (up.IsOn("exit-node-allow-lan-access") && !exit)
            yield return Error(
                "FlagsNeeded",
                "--exit-node-allow-lan-access is only possible with --exit-node.",
                "Remove it, or give --exit-node=…"
            );
        if (up.IsOn("advertise-exit-node") && exit)
            yield return Error(
                "FlagsExclusive",
                "--advertise-exit-node and --exit-node exclude each other: a node cannot offer an exit and use one.",
                "Remove one of the two."
            );
    }

    private static IEnumerable<ContainerbootFinding> Tags(string? tags)
    {
        foreach (var tag in string.IsNullOrEmpty(tags) ? [] : tags.Split(','))
        {
            // From 1.98 on tailscale puts the prefix before a name without a colon itself.
            if (Name().IsMatch(tag))
                yield return Warning(
                    "TagWithoutPrefix",
                    $"The tag '{tag}' has no 'tag:' before it; tailscale before 1.98 refuses that.",
                    $"Write tag:{tag}."
                );
            else if (!tag.StartsWith("tag:", StringComparison.Ordinal) || !Name().IsMatch(tag[4..]))
                yield return Error(
                    "TagInvalid",
                    $"The tag '{tag}' is not of the form tag:name with a letter first.",
                    "Write tags as tag:k8s-node, several with a comma and no blank."
                );
        }
    }

    private static IEnumerable<ContainerbootFinding> Login(
        IReadOnlyDictionary<string, string> values,
        UpArguments up,
        AuthKey? key
    )
    {
        var tagged = !string.IsNullOrEmpty(up["advertise-tags"]);
        var client = up["client-id"] ?? values.GetValueOrDefault("TS_CLIENT_ID");
        var secret = up["client-secret"] ?? values.GetValueOrDefault("TS_CLIENT_SECRET");
        if (!tagged && key?.Kind == TailnetKeyKind.OAuthClientSecret)
            yield return Error(
                "OAuthKeyWithoutTags",
                "The key is an OAuth client secret and no tags are asked for; tailscale refuses that.",
                "Give -Tag, or put --advertise-tags=tag:… into TS_EXTRA_ARGS."
            );
        else if (!tagged && (!string.IsNullOrEmpty(client) || !string.IsNullOrEmpty(secret)))
            yield return Error(
                "OAuthKeyWithoutTags",
                "An OAuth client is to log the node in and no tags are asked for; tailscale refuses that.",
                "Put --advertise-tags=tag:… into TS_EXTRA_ARGS."
            );
    }

    private static bool TryParseRoute(string route, out IPAddress address, out int length)
    {
        var slash = route.IndexOf('/', StringComparison.Ordinal);
        length = 0;
        address = IPAddress.None;
        if (slash < 1 || !Bits().IsMatch(route[(slash + 1)..]) || route.Contains('%', StringComparison.Ordinal))
            return false;
        var text = route[..slash];
        if (!IPAddress.TryParse(text, out var parsed))
            return false;
        address = parsed;
        length = int.Parse(route.AsSpan(slash + 1), CultureInfo.InvariantCulture);
        // "10.1" and "010.0.0.1" are addresses to .NET but not to Go, and brackets are none of an address.
        return parsed.AddressFamily == AddressFamily.InterNetwork
            ? length <= 32 && parsed.ToString() == text
            : length <= 128 && text[0] != '[';
    }

    private static bool IsVia(IPAddress address, int length) =>
        length >= 96 && address.GetAddressBytes() is [_, _, _, _, _, _, _, _, 0, 0, ..];

    private static IPAddress Network(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }

        return new IPAddress(bytes);
    }

    private static ContainerbootFinding Error(string code, string message, string fix) => new(code, true, message, fix);

    private static ContainerbootFinding Warning(string code, string message, string fix) =>
        new(code, false, message, fix);

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex Label();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9-]*\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A(0|[1-9][0-9]{0,2})\z")]
    private static partial Regex Bits();
}
