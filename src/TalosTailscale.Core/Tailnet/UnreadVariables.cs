using System.Collections.Frozen;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.Tailnet;

/// <summary>
/// Variables of tailscale's form that nothing reads: a setting that its author believes in and that does nothing. Known
/// are those of containerboot and of tailscaled (os.Getenv and envknob in tailscale/tailscale, v1.80 to v1.102).
/// </summary>
internal static class UnreadVariables
{
    private static readonly FrozenSet<string> s_read = new[]
    {
        "TS_ACCEPT_DNS",
        "TS_AUDIENCE",
        "TS_AUTHKEY",
        "TS_AUTH_KEY",
        "TS_AUTH_ONCE",
        "TS_BOOT_TIMEOUT",
        "TS_CLIENT_ID",
        "TS_CLIENT_SECRET",
        "TS_DEST_IP",
        "TS_EGRESS_PROXIES_CONFIG_PATH",
        "TS_ENABLE_HEALTH_CHECK",
        "TS_ENABLE_METRICS",
        "TS_EXTRA_ARGS",
        "TS_HEALTHCHECK_ADDR_PORT",
        "TS_HOSTNAME",
        "TS_ID_TOKEN",
        "TS_INGRESS_PROXIES_CONFIG_PATH",
        "TS_KUBE_SECRET",
        "TS_LOCAL_ADDR_PORT",
        "TS_OUTBOUND_HTTP_PROXY_LISTEN",
        "TS_ROUTES",
        "TS_SERVE_CONFIG",
        "TS_SOCKET",
        "TS_SOCKS5_SERVER",
        "TS_STATE_DIR",
        "TS_TAILNET_TARGET_FQDN",
        "TS_TAILNET_TARGET_IP",
        "TS_TAILSCALED_EXTRA_ARGS",
        "TS_USERSPACE",
        // tailscaled's own.
        "TS_ALLOW_DEBUG_IP",
        "TS_ALLOW_SELF_INGRESS",
        "TS_BIND_TO_INTERFACE_BY_ROUTE",
        "TS_DERP_DISABLE_RTT_STATS",
        "TS_ENABLE_RAW_DISCO",
        "TS_LOGS_DIR",
        "TS_LOG_TARGET",
        "TS_LOG_VERBOSITY",
        "TS_NO_LOGS_NO_SUPPORT",
        "TS_PERMIT_CERT_UID",
        "TS_PORTLIST",
        "TS_USE_CACHED_NETMAP",
        "TS_USE_CONTROL_DIAL_PLAN",
    }.ToFrozenSet(StringComparer.Ordinal);

    // Switches for experts, of which every release has others.
    private static readonly string[] s_families =
    [
        "TS_DEBUG_",
        "TS_DISABLE_",
        "TS_DISCO_",
        "TS_DNS_",
        "TS_EXPERIMENTAL_",
        "TS_FORCE_",
        "TS_NETSTACK_",
        "TS_SSH_",
        "TS_TEST_",
        "TS_TUN_",
    ];

    // Names that people write for a flag of `tailscale up`.
    private static readonly (string Name, string Flag)[] s_flags =
    [
        ("TS_LOGIN_SERVER", "--login-server=URL"),
        ("TS_CONTROL_URL", "--login-server=URL"),
        ("TS_TAGS", "--advertise-tags=tag:NAME"),
        ("TS_ADVERTISE_TAGS", "--advertise-tags=tag:NAME"),
        ("TS_ACCEPT_ROUTES", "--accept-routes"),
        ("TS_ADVERTISE_EXIT_NODE", "--advertise-exit-node"),
        ("TS_EXIT_NODE", "--exit-node=NODE"),
        ("TS_NETFILTER_MODE", "--netfilter-mode=MODE"),
        ("TS_SSH", "--ssh"),
    ];

    /// <summary>A warning for each variable that nothing reads.</summary>
    public static IEnumerable<ContainerbootFinding> Check(IReadOnlyDictionary<string, string> values)
    {
        foreach (var name in values.Keys)
        {
            if (
                !name.StartsWith("TS_", StringComparison.Ordinal)
                || s_read.Contains(name)
                || s_families.Any(family => name.StartsWith(family, StringComparison.Ordinal))
            )
                continue;
            var flag = s_flags.FirstOrDefault(one => one.Name == name).Flag;
            yield return new ContainerbootFinding(
                "VariableUnread",
                false,
                $"'{name}' is read by nothing in the extension.",
                flag is not null ? $"Put {flag} into TS_EXTRA_ARGS in its place."
                    : NearestName.Find(name, s_read) is { } near ? $"Write {near}."
                    : "Remove it."
            );
        }
    }
}
