namespace TalosTailscale.Core.Validation;

/// <summary>Lines that a node without trouble writes.</summary>
internal static class HarmlessPatterns
{
    /// <summary>With words of failure in them, and no failure: what is tried and has another way.</summary>
    public static IReadOnlyList<LogPattern> OfErrors { get; } =
    [
        Benign(
            @"Switching ipn state (NoState -> NeedsLogin|\S+ -> (Starting|NoState))\b",
            "tailscale ipn/ipnlocal/local.go, all: a start"
        ),
        Benign(@"^\[v\d\]|^\[RATELIMIT\]", "tailscale types/logger/logger.go, all"),
        BenignPart(
            "^(logtail|logpolicy|netcheck|portmapper|portmap|peerapi|derphttp|derp|captivedetection"
                + "|netstack|sockstatlog|taildrop|posture|cloner|appc|c2n|flight recorder|tsnet|stun|ssh-conn"
                + @"|upnp|pmp|pcp)\b.*[:(\[ ]",
            "tailscale logtail, logpolicy, net/netcheck, net/portmapper, derp, net/captivedetection, all: "
                + "network weather and aids"
        ),
        BenignPart(
            @"^(\[unexpected\] )?(magicsock|disco|wg|wgcfg|open-conn-track|health): ",
            "tailscale wgengine, health, all"
        ),
        Benign(
            @"^(Drop|Accept|active login|popBrowserAuthNow|StartLoginInteractive|\[unexpected\] peerapi)\b"
                + "|^control: (refusing to answer|unsupported ping|invalid (PingRequest|ping)"
                + "|failed to get noise client for ping|error decoding SetDNSResponse)",
            "tailscale wgengine/filter, ipn/ipnlocal/local.go, all"
        ),
        Benign(
            @"^TPM: (error opening: |GetCapability )|tpm2\.FlushContext"
                + "|parsing without the attestation key succeeded|policy requires hardware attestation, but "
                + "device does not support it",
            "tailscale feature/tpm/tpm.go, cmd/tailscaled/tailscaled.go, 1.86 and later: a board without TPM"
        ),
        Benign(
            "linuxfw: clear ip6?tables: |iptables not found: .*(; falling back to nftables"
                + @"|executable file not found in \$PATH)$"
                + @"|^exec: ""ip6?tables"": executable file not found in \$PATH(; falling back to nftables)?$"
                + "|disabling tunneled IPv6|detect (ip|nf)tables rule: "
                + "|ip6tables filtering is not supported on this host|(failed to (add|delete)"
                + "|enable) .*(connmark|src_valid_mark)|could not setup netfilter.*not supported on this host",
            "tailscale util/linuxfw/detector.go, iptables.go, 1.50 and later: nftables does it"
        ),
        Benign(
            @"^\[warning\] failed to symlink socket|^Error reading environment config|^logpolicy\.Config"
                + @"|TS_HEALTHCHECK_ADDR_PORT is deprecated\b.*Please use",
            "tailscale cmd/containerboot/main.go, all"
        ),
        BenignPart(
            @"^dns: (resolver|inotify|recursive|tcp|udp|\[|using|Set|resolvconf|OScfg)|^dns (udp|tcp)"
                + "|^dns-(udp|tcp)|no upstream resolvers set"
                + "|resolution failed due to missing upstream nameservers|^resolver: |^forward: |^DNSQuery: "
                + "|SERVFAIL",
            "tailscale net/dns/resolver, all: single questions"
        ),
        Benign(
            "(Network|Tailnet) lock is dropping |network-lock .*dropping|tailnet-lock unavailable"
                + "|network-lock unavailable|cannot fetch existing TKA state",
            "tailscale ipn/ipnlocal/network-lock.go and tailnet-lock.go, all: other nodes"
        ),
        Benign(
            "ignoring (route add|SetControlClientStatus)|tried to delete route .* already gone"
                + @"|removing stale address|^\s*note: |rp_filter|UDP GRO forwarding is suboptimally",
            "tailscale wgengine/router/osrouter/router_linux.go, all"
        ),
        BenignPart(
            "^(control: )?(answerHeadPing|doPingerPing|postPingResult|ping to )"
                + "|^(control: )?netmap: (ending timeout|reset timeout|size read error|body read error"
                + "|decode error|Do)|possibly transient peerapi listen|^(monitor|netmon|linkmon): .*(closed"
                + "|interrupted system call)|^control: (answer|ping|sleeping|trying|NetInfo|HostInfo"
                + "|mapRoutine: (backoff|state)|authRoutine: (backoff|state|context)|controlhttp: forcing"
                + @"|\[v\d\])|^(dns|control|Received error|netmap|PollNetMap|ipnserver)\b.*(client closed"
                + "|context canceled|closed network connection)$",
            "tailscale control/controlclient/direct.go, all"
        ),
        Benign(
            "^sending (health|serve) |^serve: |error (advertising|deleting) .*app connector"
                + "|failed to select auto exit node|unable to get SSH host keys|skipping portlist"
                + "|error setting up sockstat logger",
            "tailscale ipn/ipnlocal, all: what a node does not use"
        ),
        Benign(
            "UDP GRO forwarding|TUN TCP & UDP GRO|Error waiting for consistent state on shutdown"
                + "|wgengine status error: .*(closing|closed)|error shutting (tailscaled down"
                + "|down network logger)|failed to log out ephemeral node|error closing magicconn"
                + "|error starting up network logger|dns: (ResolvConfMode|resolvedIsActuallyResolver) error"
                + "|dbus connection error|error polling for open ports|TSMP Advertisement"
                + "|tka compaction failed|falling back to polling|using DialPlan, falling back to DNS"
                + "|audit log|Taildrop disabled|cmd/tailscale (update|binary|version)"
                + "|tailnet-wide default for auto-updates|tun dev stats polling|QR code error|fixupWSLMTU"
                + "|OpenWrt|mwan3|[Ss]ynology|Taildrive|configuring BIRD",
            "tailscale wgengine, net, ipn/ipnlocal, all: speed, ends, and what a node does not have"
        ),
    ];

    /// <summary>Known words of programs at work.</summary>
    public static IReadOnlyList<LogPattern> Plain { get; } =
    [
        Benign(
            @"\bWaiting for tailscaled socket|\bRunning 'tailscale (up|set|login)'"
                + @"|tailscaled in state ""\w+"", waiting|No Tailscale IPs assigned yet|[Yy]ou can fix this"
                + @"|TS_EXTRA_ARGS contains --accept-dns|bootstrapDNS\(|Sending SIGTERM to tailscaled"
                + @"|Running (healthcheck|metrics) endpoint|serve proxy|\bSwitching ipn state |\bipn state\b"
                + @"|^Success\.$|^USAGE$|^\s+tailscale up",
            "tailscale cmd/containerboot, ipn/ipnlocal"
        ),
        Benign(
            @"\[RATELIMIT\]|\blogtail\b|\blogpolicy\b|\bnetcheck\b|\bmagicsock\b|\bderphttp\b|\bwgengine\b"
                + @"|\bwg: |\bwgcfg\b|\bportmapper\b|\bpeerapi\b",
            "tailscaled"
        ),
        Benign(
            @"\b(control|dns|dns/osconfig|router|linkmon|monitor|netmon|netns|netstack|taildrop|sockstatlog"
                + "|cloner|blockEngineUpdates|Backend|LogID|Program starting|Received error|Rebind|active login"
                + "|pm|flight recorder|TPM|tpm|ipnlocal|ipnext|appc|tsdial|generating new machine key"
                + "|machine key written|Creating WireGuard|Bringing (WireGuard|router)|Starting (network monitor"
                + "|engine status)|Engine created|got LocalBackend|link state|onPortUpdate|open-conn-track|Accept"
                + @"|Link(Change|Monitor)|EditPrefs|Start|client\.(Login|Shutdown)|using tun|using fake|ListenPort"
                + @"|getEngine|posture|ssh-conn)\b.*[:\[(]",
            "tailscaled"
        ),
    ];

    private static LogPattern Benign(string pattern, string seen) => LogPattern.Of(LogMeaning.Benign, pattern, seen);

    // A whole part of the program whose failures pass, but for those that none may have.
    private static LogPattern BenignPart(string pattern, string seen) =>
        Benign(pattern, seen) with
        {
            Unless = FailureWords.Grave,
        };
}
