using static TalosTailscale.Core.Validation.LogPattern;

namespace TalosTailscale.Core.Validation;

/// <summary>What the control client says of its server: names, certificates, connections, answers.</summary>
internal static class ControlPatterns
{
    private const string Client =
        "tailscale control/controlclient/direct.go and auto.go, control/controlhttp/client.go, all";

    public static IReadOnlyList<LogPattern> All { get; } =
    [
        Failure(
            Causes.ResolverBroken,
            @"lookup \S+( on \S+)?: (no such host|server misbehaving|i/o timeout|.*(connection refused|timeout|network is unreachable))|bootstrapDNS\(.* error: |no DNS fallback (candidates remain|options) for|failed to resolve ""[^""]+""",
            "tailscale net/dnscache, net/dnsfallback/dnsfallback.go, all"
        ),
        Failure(
            Causes.ControlPlaneNotTrusted,
            @"x509: |certificate (has expired|is not (yet )?valid|signed by unknown authority)|tls: (failed to verify|handshake failure|unrecognized name|first record does not look)|remote error: tls",
            Client
        ),
        Failure(
            Causes.ControlServerIncompatible,
            @"control server is too old|unsupported client version|client (version )?(is )?too old|capability version must be set|invalid capability version|could not get capability version|no tailscaled config file found in|noise upgrade|server does not support|unexpected HTTP response: (404|426)|getNoiseClient: .*(404|426)",
            Client + "; Headscale hscontrol/noise.go, 0.22 to 0.29"
        ),
        Failure(
            Causes.ControlPlaneError,
            @"\b(register request|fetch control key|initial fetch failed):? (http )?(429|5\d\d)|\bhttp (429|5\d\d)\b|fetch control key: (429|5\d\d)|unexpected HTTP response: (429|5\d\d)|PollNetMap: .*\b(429|5\d\d)[: ]",
            Client
        ),
        Failure(
            Causes.ControlPlaneUnreachable,
            @"(\b(register request|fetch control key|TryLogin|authRoutine|mapRoutine|updateRoutine|PollNetMap|doLogin|getNoiseClient|Received error|lite map update|map response long-poll|controlhttp|set-dns|tka sync)\b|\bcontrol: ).*"
                + @"(deadline exceeded|connection refused|i/o timeout|network is (unreachable|down)|no route to host|connection reset|\bEOF\b|timed ?out|broken pipe|closed network connection|connection lost|stream error|TLS handshake timeout|client connection|request canceled|operation was canceled|all connection attempts failed|GOAWAY|host is (down|unreachable))",
            Client
        ),
        Failure(
            Causes.LoginRefused,
            @"register request: http 4\d\d|initial fetch failed 4\d\d|fetch control key: 4\d\d|exiting process with status \S+ per controlplane",
            Client
        ),
    ];
}
