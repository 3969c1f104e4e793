using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// Health warnings of tailscaled, <c>health(warnable=CODE): error: TEXT</c> and later <c>: ok</c>. Source:
/// tailscale/tailscale ipn/ipnlocal/local.go, the codes tsconst/health.go, health/warnings.go and where they are
/// raised.
/// </summary>
internal static class LogHealth
{
    private const string Seen = "tailscale ipn/ipnlocal/local.go, health/warnings.go, 1.70 and later";

    private static readonly Regex s_line = LogPattern.Compile(
        @"^health\((warnable=)?""?(?<code>[^)""]+)""?\): (?<what>(error: )?(?<text>.*))$"
    );

    // Of a node that starts, of a version, or of what Talos does not have.
    private static readonly HashSet<string> s_benign = new(StringComparer.Ordinal)
    {
        "warming-up",
        "update-available",
        "security-update-available",
        "is-using-unstable-version",
        "test-warnable",
        "tls-cert-pending",
        "docker-stateful-filtering",
        "sync-disabled",
        "ssh-unavailable-selinux-enabled",
        "posture-checking-serial-collection-failed",
        "overall",
    };

    // With what passes once the node is in the tailnet.
    private static readonly Dictionary<string, (TsCheckCause Cause, bool Passing)> s_causes = new(
        StringComparer.Ordinal
    )
    {
        ["network-status"] = (Causes.NetworkDown, true),
        ["wantrunning-false"] = (Causes.TailscaleStopped, true),
        ["login-state"] = (Causes.LoginNeeded, true),
        ["not-in-map-poll"] = (Causes.ControlPlaneUnreachable, true),
        ["mapresponse-timeout"] = (Causes.ControlPlaneUnreachable, true),
        ["no-derp-home"] = (Causes.RelayUnreachable, true),
        ["no-derp-connection"] = (Causes.RelayUnreachable, true),
        ["derp-timed-out"] = (Causes.RelayUnreachable, true),
        ["derp-region-error"] = (Causes.RelayUnreachable, true),
        ["magicsock-receive-func-error"] = (Causes.HealthWarning, true),
        ["tls-connection-failed"] = (Causes.ControlPlaneNotTrusted, false),
        ["blockblame-mitm-detected"] = (Causes.ControlPlaneNotTrusted, false),
        ["dns-read-os-config-failed"] = (Causes.AcceptDnsOnReadOnlyRoot, false),
        ["dns-set-os-config-failed"] = (Causes.AcceptDnsOnReadOnlyRoot, false),
        ["resolv-conf-overwritten"] = (Causes.AcceptDnsOnReadOnlyRoot, false),
        ["ip-forwarding-off"] = (Causes.IpForwardingOff, false),
        ["state-store-health"] = (Causes.StateStoreUnreadable, false),
    };

    /// <summary>Reads a health line.</summary>
    /// <param name="text">A line without its prefixes.</param>
    /// <returns>Null when it is none; the code, what is wrong (null for nothing, which also ends it), and whether it
    /// passes.</returns>
    public static (string Code, LogPattern? Pattern, bool Passing)? Read(string text)
    {
        if (!text.StartsWith("health(", StringComparison.Ordinal) || s_line.Match(text) is not { Success: true } match)
            return null;
        var code = match.Groups["code"].Value;
        if (match.Groups["what"].Value.StartsWith("ok", StringComparison.Ordinal) || s_benign.Contains(code))
            return (code, null, true);
        // A failed log-in is told in full by the control client's own line.
        var told = LogPatterns.Find(match.Groups["text"].Value)?.Cause;
        var (cause, passing) = s_causes.GetValueOrDefault(code, (told ?? Causes.HealthWarning, false));
        return (code, new LogPattern(LogMeaning.Trouble, cause, s_line, Seen), passing);
    }
}
