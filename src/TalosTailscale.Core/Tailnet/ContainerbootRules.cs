using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Tailnet;

/// <summary>Something about the extension's environment that containerboot or <c>tailscale up</c> would refuse, or that hurts later.</summary>
/// <param name="Code">What it is, PascalCase.</param>
/// <param name="IsError">True when the container would not start or the node would not log in.</param>
/// <param name="Message">What was found and what was expected; holds no value that may be secret.</param>
/// <param name="Fix">What to do.</param>
internal sealed record ContainerbootFinding(string Code, bool IsError, string Message, string Fix);

/// <summary>
/// The rules by which tailscale's containerboot reads its environment (tailscale/tailscale cmd/containerboot/settings.go)
/// and those by which <c>tailscale up</c> reads its flags, checked before a node has to fail on them.
/// </summary>
internal static partial class ContainerbootRules
{
    // Both of a pair set: containerboot refuses to start.
    private static readonly (string First, string Second)[] s_exclusive =
    [
        ("TS_AUTHKEY", "TS_CLIENT_ID"),
        ("TS_AUTHKEY", "TS_CLIENT_SECRET"),
        ("TS_AUTHKEY", "TS_ID_TOKEN"),
        ("TS_AUTHKEY", "TS_AUDIENCE"),
        ("TS_CLIENT_SECRET", "TS_ID_TOKEN"),
        ("TS_CLIENT_SECRET", "TS_AUDIENCE"),
        ("TS_ID_TOKEN", "TS_AUDIENCE"),
        ("TS_DEST_IP", "TS_EXPERIMENTAL_DEST_DNS_NAME"),
        ("TS_TAILNET_TARGET_IP", "TS_TAILNET_TARGET_FQDN"),
        ("TS_DEST_IP", "TS_SERVE_CONFIG"),
        ("TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR", "TS_HOSTNAME"),
        ("TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR", "TS_EXTRA_ARGS"),
        ("TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR", "TS_AUTHKEY"),
        ("TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR", "TS_ROUTES"),
        ("TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR", "TS_ACCEPT_DNS"),
    ];

    // What only works with a kernel tunnel; the extension sets TS_USERSPACE=false itself.
    private static readonly string[] s_needKernel =
    [
        "TS_DEST_IP",
        "TS_EXPERIMENTAL_DEST_DNS_NAME",
        "TS_TAILNET_TARGET_IP",
        "TS_TAILNET_TARGET_FQDN",
        "TS_EXPERIMENTAL_ENABLE_FORWARDING_OPTIMIZATIONS",
    ];

    /// <summary>The placeholder that tailscale itself fills in.</summary>
    private const string CertificateDomain = "${TS_CERT_DOMAIN}";

    /// <summary>Checks an environment.</summary>
    /// <param name="entries">The entries as in the document, <c>NAME=value</c>.</param>
    /// <param name="key">The key that takes the placeholder's place; null when the entries are those of a running node.</param>
    /// <returns>Findings, errors first.</returns>
    public static IReadOnlyList<ContainerbootFinding> Check(IReadOnlyList<string> entries, AuthKey? key)
    {
        var findings = new List<ContainerbootFinding>();
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                Error(
                    findings,
                    "EntryMalformed",
                    "An environment entry is not of the form NAME=value.",
                    "Write NAME=value."
                );
                continue;
            }

            if (!values.TryAdd(entry[..equals], entry[(equals + 1)..]))
            {
                Error(
                    findings,
                    "EntryRepeated",
                    $"'{entry[..equals]}' is set twice; the last one counts.",
                    "Keep one of the entries."
                );
                values[entry[..equals]] = entry[(equals + 1)..];
            }
        }

        CheckNames(findings, values);
        CheckHostname(findings, values);
        CheckRoutes(findings, values);
        CheckDns(findings, values);
        CheckExtraArguments(findings, values, key);
        CheckLogin(findings, values, key);
        return [.. findings.OrderByDescending(finding => finding.IsError)];
    }

    /// <summary>The value of a flag in TS_EXTRA_ARGS, in both forms in which tailscale takes it; null when it is not there.</summary>
    public static string? Flag(string? extraArguments, string name)
    {
        var words = Words(extraArguments);
        for (var i = 0; i < words.Length; i++)
        {
            var word = words[i].TrimStart('-');
            if (!words[i].StartsWith('-'))
                continue;
            if (word.StartsWith(name + "=", StringComparison.Ordinal))
                return word[(name.Length + 1)..];
            if (word == name)
                return i + 1 < words.Length && !words[i + 1].StartsWith('-') ? words[i + 1] : "";
        }

        return null;
    }

    /// <summary>Splits as Go's <c>strings.Fields</c> does: at blanks, without quoting.</summary>
    public static string[] Words(string? text) =>
        (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static void CheckNames(List<ContainerbootFinding> findings, Dictionary<string, string> values)
    {
        foreach (var (first, second) in s_exclusive)
            if (Set(values, first) && Set(values, second))
                Error(
                    findings,
                    "VariablesExclusive",
                    $"'{first}' and '{second}' exclude each other.",
                    $"Remove '{first}' or '{second}'."
                );
        if (values.ContainsKey("TS_AUTHKEY") && values.ContainsKey("TS_AUTH_KEY"))
            Error(
                findings,
                "VariablesExclusive",
                "'TS_AUTHKEY' and its other name 'TS_AUTH_KEY' are both set.",
                "Remove 'TS_AUTH_KEY'."
            );
        if (
            values.TryGetValue("TS_USERSPACE", out var userspace)
            && GoBool.TryParse(userspace, out var inUserspace)
            && inUserspace
        )
        {
            Warning(
                findings,
                "UserspaceNetworking",
                "TS_USERSPACE=true gives the node itself no tailnet address, so containerd cannot pull through it.",
                "Remove TS_USERSPACE; the extension sets it to false."
            );
            foreach (var name in s_needKernel.Where(name => Set(values, name)))
                Error(
                    findings,
                    "VariablesExclusive",
                    $"'{name}' is not possible with TS_USERSPACE=true.",
                    $"Remove '{name}' or TS_USERSPACE."
                );
        }

        foreach (var (name, value) in values)
            if (value.Replace(CertificateDomain, "", StringComparison.Ordinal).Contains("${", StringComparison.Ordinal))
                Error(
                    findings,
                    "PlaceholderLeftOver",
                    $"'{name}' still has a placeholder '${{…}}' in it.",
                    "Fill it in; only ${TAILSCALE_AUTHKEY} is filled in by the module."
                );
    }

    private static void CheckHostname(List<ContainerbootFinding> findings, Dictionary<string, string> values)
    {
        if (values.TryGetValue("TS_HOSTNAME", out var name) && !HostName().IsMatch(name))
            Error(
                findings,
                "HostnameInvalid",
                $"The host name '{name}' is not a DNS label of 1 to 63 lower-case letters, digits and inner hyphens.",
                "Choose a name such as 'ampone'."
            );
    }

    private static void CheckRoutes(List<ContainerbootFinding> findings, Dictionary<string, string> values)
    {
        if (!values.TryGetValue("TS_ROUTES", out var routes) || routes.Length == 0)
            return;
        foreach (var route in routes.Split(','))
        {
            if (!TryParseRoute(route, out var address, out var length))
                Error(
                    findings,
                    "RouteInvalid",
                    $"The route '{route}' is not a network in CIDR form.",
                    "Write a route as 10.96.0.0/12, several with a comma and no blank."
                );
            else if (!Network(address, length).Equals(address))
                Error(
                    findings,
                    "RouteHasHostBits",
                    $"The route '{route}' has host bits set; '{Network(address, length)}/{length}' was expected.",
                    $"Write '{Network(address, length)}/{length}'."
                );
        }
    }

    private static void CheckDns(List<ContainerbootFinding> findings, Dictionary<string, string> values)
    {
        var byFlag = Flag(values.GetValueOrDefault("TS_EXTRA_ARGS"), "accept-dns");
        var wanted = byFlag is "" ? "true" : byFlag ?? values.GetValueOrDefault("TS_ACCEPT_DNS");
        if (GoBool.TryParse(wanted, out var accept) && accept)
            Warning(
                findings,
                "AcceptDnsOn",
                "Tailscale is to manage /etc/resolv.conf, which is on a read-only file system on Talos.",
                "Set TS_ACCEPT_DNS=false and put 100.100.100.100 first among the node's resolvers."
            );
    }

    private static void CheckExtraArguments(
        List<ContainerbootFinding> findings,
        Dictionary<string, string> values,
        AuthKey? key
    )
    {
        var extra = values.GetValueOrDefault("TS_EXTRA_ARGS");
        if (extra is not null && extra.AsSpan().IndexOfAny('"', '\'') >= 0)
            Error(
                findings,
                "ExtraArgumentsQuoted",
                "TS_EXTRA_ARGS has quotes; containerboot splits it at blanks and passes the quotes on.",
                "Write the arguments without quotes and without blanks in them."
            );
        var tags = Flag(extra, "advertise-tags");
        foreach (
            var tag in (tags ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Where(tag => !Tag().IsMatch(tag))
        )
            Error(
                findings,
                "TagInvalid",
                $"The tag '{tag}' is not of the form tag:name with a letter first.",
                "Write tags as tag:k8s-node, several with a comma."
            );
        if (key?.Kind == TailnetKeyKind.OAuthClientSecret && string.IsNullOrEmpty(tags))
            Error(
                findings,
                "OAuthKeyWithoutTags",
                "The key is an OAuth client secret and no tags are asked for; tailscale refuses that.",
                "Give -Tag, or put --advertise-tags=tag:… into TS_EXTRA_ARGS."
            );
    }

    private static void CheckLogin(List<ContainerbootFinding> findings, Dictionary<string, string> values, AuthKey? key)
    {
        if (key?.Ephemeral == true)
            Warning(
                findings,
                "EphemeralNode",
                "With this OAuth secret the node is ephemeral: it vanishes from the tailnet when it is offline and comes back with another address.",
                "Add ?ephemeral=false&preauthorized=true to the OAuth secret."
            );
        if (!GoBool.TryParse(values.GetValueOrDefault("TS_AUTH_ONCE"), out var once) || !once)
            Warning(
                findings,
                "AuthOnceOff",
                "TS_AUTH_ONCE is not true: the node logs in anew at every start, and an expired key then takes a joined node out of the tailnet.",
                "Set TS_AUTH_ONCE=true."
            );
        if (values.TryGetValue("TS_STATE_DIR", out var state) && state != "/var/lib/tailscale")
            Warning(
                findings,
                "StateNotKept",
                "TS_STATE_DIR is not /var/lib/tailscale, the one folder of the extension that outlives a restart.",
                "Remove TS_STATE_DIR."
            );
    }

    private static bool TryParseRoute(string route, out IPAddress address, out int length)
    {
        var slash = route.IndexOf('/', StringComparison.Ordinal);
        length = 0;
        if (
            slash < 1
            || !IPAddress.TryParse(route.AsSpan(0, slash), out var parsed)
            || !Decimal().IsMatch(route[(slash + 1)..])
        )
        {
            address = IPAddress.None;
            return false;
        }

        address = parsed;
        length = int.Parse(route.AsSpan(slash + 1), System.Globalization.CultureInfo.InvariantCulture);
        // "10.1" is an address to .NET but not to Go.
        return length <= (parsed.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            && (parsed.AddressFamily != AddressFamily.InterNetwork || route.AsSpan(0, slash).Count('.') == 3);
    }

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

    private static bool Set(Dictionary<string, string> values, string name) =>
        values.GetValueOrDefault(name, "").Length > 0;

    private static void Error(List<ContainerbootFinding> findings, string code, string message, string fix) =>
        findings.Add(new ContainerbootFinding(code, true, message, fix));

    private static void Warning(List<ContainerbootFinding> findings, string code, string message, string fix) =>
        findings.Add(new ContainerbootFinding(code, false, message, fix));

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    private static partial Regex HostName();

    [GeneratedRegex("^tag:[a-zA-Z][a-zA-Z0-9-]*$")]
    private static partial Regex Tag();

    [GeneratedRegex("^[0-9]{1,3}$")]
    private static partial Regex Decimal();
}
