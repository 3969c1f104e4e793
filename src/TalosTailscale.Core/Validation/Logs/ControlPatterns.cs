using static TalosTailscale.Core.Validation.LogPattern;

namespace TalosTailscale.Core.Validation;

/// <summary>What the control client says of its server: names, certificates, connections, answers.</summary>
internal static class ControlPatterns
{
    private const string Client =
        "tailscale control/controlclient/direct.go and auto.go, control/controlhttp/client.go, all";

    private const string Lost =
        "(deadline exceeded|connection refused|i/o timeout|network is (unreachable|down)|no route to host"
        + @"|connection reset|\bEOF\b|timed ?out|broken pipe|closed network connection|connection lost|stream error"
        + "|TLS handshake timeout|client connection|request canceled|operation was canceled"
        + "|all connection attempts failed|GOAWAY|host is (down|unreachable))";

    public static IReadOnlyList<LogPattern> All { get; } =
    [
        Passing(
            Causes.ResolverBroken,
            @"lookup \S+( on \S+)?: (no such host|server misbehaving|i/o timeout|.*(connection refused"
                + @"|timeout|network is unreachable))|bootstrapDNS\(.* error: |no DNS fallback (candidates remain"
                + @"|options) for|failed to resolve ""[^""]+""",
            "tailscale net/dnscache, net/dnsfallback/dnsfallback.go, all"
        ),
        Passing(
            Causes.ControlPlaneNotTrusted,
            "x509: |TLS cert verificication for|could not establish an encrypted connection with"
                + "|certificate (has expired|is not (yet )?valid|signed by unknown authority)"
                + "|tls: (failed to verify|handshake failure|unrecognized name|first record does not look)"
                + "|remote error: tls",
            Client
        ),
        Failure(
            Causes.ControlServerIncompatible,
            "control server is too old|unsupported client version|client (version )?(is )?too old"
                + "|capability version must be set|invalid capability version|could not get capability version"
                + "|no tailscaled config file found in|noise upgrade|invalid tailscale handshake"
                + "|unsupported client connected|server does not support|unexpected HTTP response: (404|426)"
                + "|getNoiseClient: .*(404|426)|error decoding RegisterResponse|key hex (string )?(doesn't have"
                + "|has)|failed to parse capability version",
            Client + "; Headscale hscontrol/noise.go, 0.22 to 0.29"
        ),
        Passing(
            Causes.ControlPlaneError,
            @"\b(register request|fetch control key|initial fetch failed):? (http )?(429|5\d\d)|\bhttp (429"
                + @"|5\d\d)\b|fetch control key: (429|5\d\d)|unexpected HTTP response: (429|5\d\d)"
                + @"|PollNetMap: .*\b(429|5\d\d)[: ]|HTTP error from control plane|\bhttp (error \d+: |failure$)"
                + "|initial fetch failed [57]"
                + @"|\b[Ii]nternal (server )?error$|failed to (allocate IP|save node|find user"
                + "|ensure unique given name|rename (node|machine) in the database)|could not (register node"
                + @"|find any suitable IP)|Could not find IP for the new machine|failed register\(?(save\)"
                + "| existing) (node|machine)",
            Client + "; Headscale hscontrol/auth.go, db/node.go and state/state.go, 0.20 to 0.29"
        ),
        Failure(
            Causes.ControlPlaneUnreachable,
            @"\b(PollNetMap|mapRoutine|updateRoutine|map response long-poll|lite map update)\b.*"
                + Lost
                + "|lite map update error",
            "tailscale control/controlclient/direct.go and auto.go, all"
        ) with
        {
            InTailnet = LogPassing.Weather,
        },
        Passing(
            Causes.ControlPlaneUnreachable,
            @"(\b(register request|fetch control key|TryLogin|authRoutine|doLogin|getNoiseClient"
                + @"|Received error|controlhttp|set-dns|tka sync)\b|\bcontrol: ).*"
                + Lost
                + "|all connection attempts failed|Unable to connect to the Tailscale coordination server",
            Client
        ),
        LogPattern.Of(
            LogMeaning.Trouble,
            Causes.RelayUnreachable,
            "could not connect to (any|the '.*') relay server|could not connect to the relay server"
                + "|[Rr]elay server (error|timed out)|hasn't heard from the '.*' relay server",
            "tailscale health/warnings.go, 1.70 and later, as 'tailscale up' shows it"
        ),
        LogPattern.Of(
            LogMeaning.Trouble,
            Causes.NetworkDown,
            @"cannot connect because the network is down",
            "tailscale health/warnings.go, 1.70 and later, as 'tailscale up' shows it"
        ),
        LogPattern.Of(
            LogMeaning.Trouble,
            Causes.HealthWarning,
            "couldn't listen for incoming UDP|An error occurred applying the Tailscale envknob"
                + "|[Ii]nvalid packet filter|rejecting all packets for safety",
            "tailscale health/warnings.go, ipn/ipnlocal/local.go, all"
        ),
        Failure(
            Causes.LoginRefused,
            @"register request: http 4\d\d|initial fetch failed 4\d\d|fetch control key: 4\d\d"
                + @"|exiting process with status \S+ per controlplane",
            Client
        ),
    ];

    private static LogPattern Passing(TsCheckCause cause, string pattern, string seen) =>
        Failure(cause, pattern, seen) with
        {
            InTailnet = LogPassing.Passes,
        };
}
