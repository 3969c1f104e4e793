using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Validation;

/// <summary>What a log line says about the state of the extension.</summary>
internal enum LogMeaning
{
    /// <summary>A new attempt of the container begins; what was before is over.</summary>
    Start,

    /// <summary>The node is in the tailnet; failures before it are over.</summary>
    Success,

    /// <summary>A failure with a cause of its own.</summary>
    Failure,

    /// <summary>A failure that only says that something failed: counts when nothing better is there.</summary>
    Generic,

    /// <summary>A failure that does not keep the node out of the tailnet.</summary>
    Trouble,

    /// <summary>Known and of no interest.</summary>
    Benign,
}

/// <summary>One known kind of line.</summary>
/// <param name="Meaning">What it says.</param>
/// <param name="Cause">The cause, for failures.</param>
/// <param name="Pattern">A regular expression; matched without back-tracking.</param>
/// <param name="Seen">The component and versions of whose sources the text is.</param>
internal sealed record LogPattern(LogMeaning Meaning, TsCheckCause? Cause, Regex Pattern, string Seen);

/// <summary>
/// The messages of tailscale's containerboot, CLI and daemon as the log of ext-tailscale shows them, in order of
/// precedence: the first that matches a line is its meaning. Texts are those of tailscale/tailscale
/// cmd/containerboot, cmd/tailscale/cli, control/controlclient, ipn/ipnlocal and net/dns.
/// </summary>
internal static class LogPatterns
{
    public static IReadOnlyList<LogPattern> All { get; } =
    [
        Line(
            LogMeaning.Success,
            null,
            @"Startup complete, waiting for shutdown signal",
            "containerboot 1.34 and later"
        ),
        Line(LogMeaning.Success, null, @"Switching ipn state \S+ -> Running\b", "ipnlocal, all"),
        Line(LogMeaning.Start, null, @"\bStarting tailscaled$", "containerboot 1.34 and later"),
        Line(
            LogMeaning.Failure,
            Causes.AuthKeyRejected,
            @"invalid key: (API key \S+ (not valid|does not exist)|API key does not exist|unable to validate API key)",
            "control plane"
        ),
        Line(
            LogMeaning.Failure,
            Causes.AuthKeyRejected,
            @"\binvalid auth ?key\b|^invalid key\b|\binvalid key: |Auth key (missing or invalid|failed to authenticate)|auth ?key (has )?expired|authkey expired|AuthKey not found|auth key .*(already been used|is not reusable)",
            "control plane, Headscale"
        ),
        Line(
            LogMeaning.Failure,
            Causes.TagsNotPermitted,
            @"requested tags \[[^\]]*\] are invalid or not permitted",
            "control plane"
        ),
        Line(
            LogMeaning.Failure,
            Causes.TagsNotPermitted,
            @"tags? .*(not permitted|not owned)",
            "control plane, Headscale"
        ),
        Line(LogMeaning.Failure, Causes.ServiceConfigInvalid, @"tag: ""[^""]*"": ", "cli up"),
        Line(
            LogMeaning.Failure,
            Causes.OAuthKeyWithoutTags,
            @"oauth authkeys require --advertise-tags",
            "cli up 1.38 and later"
        ),
        Line(
            LogMeaning.Failure,
            Causes.DeviceApprovalNeeded,
            @"(?i)machine (is not yet )?authoriz(ed|ation) (required|needed)|To approve your machine, visit|Switching ipn state \S+ -> NeedsMachineAuth",
            "cli up, ipnlocal"
        ),
        Line(
            LogMeaning.Failure,
            Causes.NodeKeyExpired,
            @"server reports new node key \S+ has expired|nodeKeyExpired=true|Switching ipn state Running -> NeedsLogin|tailscaled left running state \(now in state ""NeedsLogin""\)",
            "ipnlocal"
        ),
        Line(
            LogMeaning.Failure,
            Causes.SettingsNotMentioned,
            @"changing settings via 'tailscale up' requires mentioning all",
            "cli up, all"
        ),
        Line(
            LogMeaning.Failure,
            Causes.ServiceConfigInvalid,
            @"\binvalid configuration: |\bTS_\w+ (is not supported with|is set but) TS_|\bTS_\w+ and TS_\w+ cannot (both )?be set|unknown attribute ""\w+""|invalid attribute boolean attribute|flag provided but not defined: |invalid value "".*"" for flag|has non-address bits set; expected|is not a valid IP address or CIDR prefix|invalid argument:.*advertise",
            "containerboot, cli up"
        ),
        Line(
            LogMeaning.Failure,
            Causes.TunnelUnavailable,
            @"[Uu]nable to create tuntap device file|ensuring that /dev/net/tun exists: |\btstun\.New\(|wgengine\.NewUserspaceEngine.* error|CreateTUN.*(failed|error)|/dev/net/tun.*(no such|permission|not exist)",
            "containerboot, tailscaled"
        ),
        Line(
            LogMeaning.Failure,
            Causes.IpForwardingOff,
            @"Failed to enable IP forwarding|IP forwarding must be enabled",
            "containerboot"
        ),
        Line(
            LogMeaning.Failure,
            Causes.StateNotWritable,
            @"no space left on device|(failed to (write|save)|store).*(read-only file system|permission denied)|StateStore.*(failed|error)|failed to create state directory: ",
            "tailscaled"
        ),
        Line(
            LogMeaning.Trouble,
            Causes.StateNotWritable,
            @"starting with in-memory store",
            "tailscaled 1.94 and later"
        ),
        Line(
            LogMeaning.Failure,
            Causes.LoginServerChanged,
            @"can't change --login-server without --force-reauth",
            "cli up, all"
        ),
        Line(
            LogMeaning.Trouble,
            Causes.AcceptDnsOnReadOnlyRoot,
            @"(resolv\.conf|resolv\.pre-tailscale-backup\.conf).*read-only file system|dns-set-os-config-failed",
            "net/dns, health 1.70 and later"
        ),
        Line(
            LogMeaning.Failure,
            Causes.ResolverBroken,
            @"lookup \S+( on \S+)?: (no such host|server misbehaving|i/o timeout|.*connection refused)|bootstrapDNS\(.* error: |no DNS fallback (candidates remain|options) for",
            "control client, net/dnsfallback"
        ),
        Line(
            LogMeaning.Failure,
            Causes.ControlPlaneNotTrusted,
            @"x509: |certificate (has expired|is not (yet )?valid|signed by unknown authority)",
            "control client"
        ),
        Line(
            LogMeaning.Failure,
            Causes.ControlPlaneUnreachable,
            @"(register request|fetch control key|TryLogin|authRoutine|mapRoutine|PollNetMap|doLogin)\b.*(deadline exceeded|connection refused|i/o timeout|network is unreachable|no route to host|connection reset|EOF)",
            "control client"
        ),
        Line(LogMeaning.Failure, Causes.ControlPlaneError, @"register request: http (429|5\d\d)", "control client"),
        Line(LogMeaning.Failure, Causes.LoginNeeded, @"To authenticate, visit:", "cli up"),
        Line(
            LogMeaning.Failure,
            Causes.TailscaleStopped,
            @"Switching ipn state \S+ -> Stopped|tailscaled left running state \(now in state ""Stopped""\)",
            "ipnlocal"
        ),
        Line(
            LogMeaning.Generic,
            Causes.LoginTimeout,
            @"failed to auth tailscale: .*(signal: killed|context deadline exceeded)|[Tt]imed out waiting for tailscaled socket|tailscale (up|login) failed: (signal: killed|context deadline exceeded)",
            "containerboot"
        ),
        Line(
            LogMeaning.Generic,
            Causes.LoginFailed,
            @"failed to auth tailscale: |tailscale (up|set|login) failed: |failed to bring up tailscale: |\bcouldn't log in: ",
            "containerboot"
        ),
        Line(LogMeaning.Generic, Causes.LoginFailed, @"\b(register request|fetch control key): ", "control client"),
        Line(
            LogMeaning.Benign,
            null,
            @"\[RATELIMIT\]|^\[v\d\]|\blogtail\b|\blogpolicy\b|\bnetcheck\b|\bhealth\(|\bmagicsock\b|\bderphttp\b|\bwgengine\b|\bwg: |\bwgcfg\b|\bportmapper\b|\bpeerapi\b",
            "tailscaled"
        ),
        Line(
            LogMeaning.Benign,
            null,
            @"\bWaiting for tailscaled socket|\bRunning 'tailscale (up|set|login)'|tailscaled in state ""\w+"", waiting|No Tailscale IPs assigned yet|[Yy]ou can (fix this|either set the sysctls)|TS_EXTRA_ARGS contains --accept-dns|bootstrapDNS\(|Sending SIGTERM to tailscaled|Running (healthcheck|metrics) endpoint|serve proxy|\bSwitching ipn state |\bipn state\b",
            "containerboot, ipnlocal"
        ),
        Line(
            LogMeaning.Benign,
            null,
            @"\b(control|dns|dns/osconfig|router|linkmon|monitor|netmon|netns|netstack|taildrop|sockstatlog|cloner|blockEngineUpdates|Backend|LogID|Program starting|Received error|Rebind|active login|pm|flight recorder|TPM|tpm|ipnlocal|ipnext|appc|tsdial|generating new machine key|machine key written|Creating WireGuard|Bringing (WireGuard|router)|Starting (network monitor|engine status)|Engine created|got LocalBackend|link state|onPortUpdate|open-conn-track|Accept|Link(Change|Monitor)|EditPrefs|Start|client\.(Login|Shutdown)|using tun|using fake|ListenPort|getEngine|posture|ssh-conn)\b.*[:\[(]",
            "tailscaled"
        ),
    ];

    // Without back-tracking: a log is untrusted text, and no line may take longer than its length.
    private static LogPattern Line(LogMeaning meaning, TsCheckCause? cause, string pattern, string seen) =>
        new(meaning, cause, new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), seen);
}
