using System.Net;

namespace TalosTailscale.Core.Tailnet;

/// <summary>Something about the extension's environment that containerboot or <c>tailscale up</c> would refuse, or that hurts later.</summary>
/// <param name="Code">What it is, PascalCase.</param>
/// <param name="IsError">True when the container would not start or the node would not log in.</param>
/// <param name="Message">What was found and what was expected; holds no value that may be secret.</param>
/// <param name="Fix">What to do.</param>
internal sealed record ContainerbootFinding(string Code, bool IsError, string Message, string Fix);

/// <summary>
/// The rules by which tailscale's containerboot reads its environment (tailscale/tailscale cmd/containerboot/settings.go,
/// v1.80 to v1.102), checked before a node has to fail on them; those of <c>tailscale up</c> are in <see cref="UpRules"/>.
/// </summary>
/// <remarks>The extension runs outside Kubernetes and sets TS_USERSPACE=false; what a release newer than others refuses, is refused.</remarks>
internal static class ContainerbootRules
{
    // Both of a pair set: containerboot refuses to start.
    private static readonly (string First, string Second)[] s_exclusive =
    [
        .. Pairs("TS_AUTHKEY", "TS_CLIENT_ID", "TS_CLIENT_SECRET", "TS_ID_TOKEN", "TS_AUDIENCE"),
        .. Pairs("TS_CLIENT_SECRET", "TS_ID_TOKEN", "TS_AUDIENCE"),
        .. Pairs("TS_ID_TOKEN", "TS_AUDIENCE"),
        .. Pairs("TS_DEST_IP", "TS_EXPERIMENTAL_DEST_DNS_NAME"),
        .. Pairs("TS_TAILNET_TARGET_IP", "TS_TAILNET_TARGET_FQDN"),
        .. Pairs(
            ConfigFolder,
            "TS_HOSTNAME",
            "TS_EXTRA_ARGS",
            "TS_AUTHKEY",
            "TS_CLIENT_ID",
            "TS_CLIENT_SECRET",
            "TS_ID_TOKEN",
            "TS_AUDIENCE"
        ),
    ];

    private const string ConfigFolder = "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR";
    private const string Ingress = "EXPERIMENTAL_ALLOW_PROXYING_CLUSTER_TRAFFIC_VIA_INGRESS";

    // One needs the other.
    private static readonly (string Variable, string Needed)[] s_needs =
    [
        ("TS_ID_TOKEN", "TS_CLIENT_ID"),
        ("TS_AUDIENCE", "TS_CLIENT_ID"),
        (Ingress, "TS_SERVE_CONFIG"),
        (Ingress, "POD_IP"),
        // tailscaled's proxies for services live in a Secret of the pod.
        ("TS_EGRESS_PROXIES_CONFIG_PATH", "KUBERNETES_SERVICE_HOST"),
        ("TS_INGRESS_PROXIES_CONFIG_PATH", "KUBERNETES_SERVICE_HOST"),
    ];

    // What only works with a kernel tunnel.
    private static readonly string[] s_needKernel =
    [
        "TS_DEST_IP",
        "TS_EXPERIMENTAL_DEST_DNS_NAME",
        "TS_TAILNET_TARGET_IP",
        "TS_TAILNET_TARGET_FQDN",
        "TS_EXPERIMENTAL_ENABLE_FORWARDING_OPTIMIZATIONS",
        Ingress,
    ];

    // Read as true or false; anything else counts as not set.
    private static readonly string[] s_booleans =
    [
        "TS_USERSPACE",
        "TS_ACCEPT_DNS",
        "TS_AUTH_ONCE",
        "TS_ENABLE_METRICS",
        "TS_ENABLE_HEALTH_CHECK",
        "TS_EXPERIMENTAL_ENABLE_FORWARDING_OPTIMIZATIONS",
        "TS_EXPERIMENTAL_CERT_SHARE",
        Ingress,
    ];

    // An address and a port, as Go's netip.ParseAddrPort reads them.
    private static readonly string[] s_addresses =
    [
        "TS_HEALTHCHECK_ADDR_PORT",
        "TS_LOCAL_ADDR_PORT",
        "TS_DEBUG_ADDR_PORT",
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
        var values = Read(entries, findings);
        var up = UpArguments.Parse(values.GetValueOrDefault("TS_EXTRA_ARGS"));
        CheckTogether(findings, values);
        CheckUserspace(findings, values);
        CheckForms(findings, values);
        CheckPlaceholders(findings, values);
        findings.AddRange(UpRules.Check(values, up, key));
        findings.AddRange(UnreadVariables.Check(values));
        CheckKept(findings, values, key);
        return [.. findings.OrderByDescending(finding => finding.IsError)];
    }

    private static Dictionary<string, string> Read(IReadOnlyList<string> entries, List<ContainerbootFinding> findings)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                Error(
                    findings,
                    "EntryMalformed",
                    "An environment entry is not of the form NAME=value.",
                    "Write NAME=value."
                );
            else if (!values.TryAdd(entry[..equals], entry[(equals + 1)..]))
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

        return values;
    }

    private static void CheckTogether(List<ContainerbootFinding> findings, Dictionary<string, string> values)
    {
        foreach (var (first, second) in s_exclusive)
            if (Set(values, first) && Set(values, second))
                Exclusive(findings, first, second);
        // These two count even where they are empty.
        if (Set(values, ConfigFolder) && values.ContainsKey("TS_ROUTES"))
            Exclusive(findings, ConfigFolder, "TS_ROUTES");
        if (Set(values, ConfigFolder) && GoBool.TryParse(values.GetValueOrDefault("TS_ACCEPT_DNS"), out _))
            Exclusive(findings, ConfigFolder, "TS_ACCEPT_DNS");
        if (Set(values, "TS_HEALTHCHECK_ADDR_PORT") && On(values, "TS_ENABLE_HEALTH_CHECK"))
            Exclusive(findings, "TS_HEALTHCHECK_ADDR_PORT", "TS_ENABLE_HEALTH_CHECK");
        if (Set(values, "TS_AUTHKEY") && Set(values, "TS_AUTH_KEY"))
            Error(
                findings,
                "VariablesExclusive",
                "'TS_AUTHKEY' and its other name 'TS_AUTH_KEY' are both set.",
                "Remove 'TS_AUTH_KEY'."
            );
        foreach (var (variable, needed) in s_needs)
            if ((variable == Ingress ? On(values, variable) : Set(values, variable)) && !Set(values, needed))
                Error(
                    findings,
                    "VariableMissing",
                    $"'{variable}' is set and '{needed}' is not.",
                    $"Remove '{variable}', or set '{needed}' too."
                );
    }

    private static void CheckUserspace(List<ContainerbootFinding> findings, Dictionary<string, string> values)
    {
        if (!On(values, "TS_USERSPACE"))
            return;
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

    private static void CheckForms(List<ContainerbootFinding> findings, Dictionary<string, string> values)
    {
        foreach (var name in s_booleans)
        {
            if (!Set(values, name) || GoBool.TryParse(values[name], out _))
                continue;
            // Unreadable, it counts as not set, and then containerboot runs without a tunnel.
            findings.Add(
                new ContainerbootFinding(
                    "BooleanUnreadable",
                    name == "TS_USERSPACE",
                    $"'{name}' is '{values[name]}', which containerboot does not read and takes for not set; true or false was expected.",
                    $"Write {name}=true or {name}=false, without blanks."
                )
            );
        }

        foreach (var name in s_addresses)
        {
            // The address of metrics and health is only looked at where one of them is on.
            if (
                !Set(values, name)
                || (
                    name == "TS_LOCAL_ADDR_PORT"
                    && !On(values, "TS_ENABLE_METRICS")
                    && !On(values, "TS_ENABLE_HEALTH_CHECK")
                )
                || IsAddressAndPort(values[name])
            )
                continue;
            Error(
                findings,
                "AddressInvalid",
                $"'{name}' is '{values[name]}'; an address and a port were expected.",
                $"Write {name}=127.0.0.1:9002 or [::]:9002."
            );
        }

        if (!values.TryGetValue("TS_BOOT_TIMEOUT", out var timeout) || timeout.Length == 0)
            return;
        if (MachineConfig.Schema.GoDuration.IsValid(timeout))
            Warning(
                findings,
                "VariableUnread",
                "TS_BOOT_TIMEOUT is read by tailscale newer than 1.102 only; older ones wait 60 seconds whatever it says.",
                "Leave it out, or see that the extension is new enough."
            );
        else
            Error(
                findings,
                "DurationInvalid",
                $"TS_BOOT_TIMEOUT is '{timeout}', which is no duration of Go.",
                "Write TS_BOOT_TIMEOUT=120s."
            );
    }

    private static void CheckPlaceholders(List<ContainerbootFinding> findings, Dictionary<string, string> values)
    {
        foreach (var (name, value) in values)
            if (value.Replace(CertificateDomain, "", StringComparison.Ordinal).Contains("${", StringComparison.Ordinal))
                Error(
                    findings,
                    "PlaceholderLeftOver",
                    $"'{name}' still has a placeholder '${{…}}' in it.",
                    "Fill it in; only ${TAILSCALE_AUTHKEY} is filled in by the module."
                );
    }

    private static void CheckKept(List<ContainerbootFinding> findings, Dictionary<string, string> values, AuthKey? key)
    {
        if (key?.Ephemeral == true)
            Warning(
                findings,
                "EphemeralNode",
                "With this OAuth secret the node is ephemeral: it vanishes from the tailnet when it is offline and comes back with another address.",
                "Add ?ephemeral=false&preauthorized=true to the OAuth secret."
            );
        // What cannot be read was told already.
        if (
            !Set(values, "TS_AUTH_ONCE")
            || values["TS_AUTH_ONCE"] is { } once && GoBool.TryParse(once, out var on) && !on
        )
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

    private static bool IsAddressAndPort(string text) =>
        text.LastIndexOf(':') is > 0 and var colon
        && ushort.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out _)
        && IPAddress.TryParse(text.AsSpan(0, colon), out var address)
        && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 == (text[0] == '[');

    private static IEnumerable<(string, string)> Pairs(string first, params string[] others) =>
        others.Select(other => (first, other));

    private static void Exclusive(List<ContainerbootFinding> findings, string first, string second) =>
        Error(
            findings,
            "VariablesExclusive",
            $"'{first}' and '{second}' exclude each other.",
            $"Remove '{first}' or '{second}'."
        );

    private static bool Set(Dictionary<string, string> values, string name) =>
        values.GetValueOrDefault(name, "").Length > 0;

    private static bool On(Dictionary<string, string> values, string name) =>
        GoBool.TryParse(values.GetValueOrDefault(name), out var on) && on;

    private static void Error(List<ContainerbootFinding> findings, string code, string message, string fix) =>
        findings.Add(new ContainerbootFinding(code, true, message, fix));

    private static void Warning(List<ContainerbootFinding> findings, string code, string message, string fix) =>
        findings.Add(new ContainerbootFinding(code, false, message, fix));
}
