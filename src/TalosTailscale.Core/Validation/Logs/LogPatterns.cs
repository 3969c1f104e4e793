namespace TalosTailscale.Core.Validation;

/// <summary>
/// The messages of tailscale's containerboot, CLI and daemon, of control servers and of Talos's service runner, in
/// order of precedence: the first that matches a line is its meaning. Each says which source file writes it.
/// </summary>
internal static class LogPatterns
{
    public static IReadOnlyList<LogPattern> All { get; } =
    [
        LogPattern.Of(
            LogMeaning.Success,
            @"Startup complete, waiting for shutdown signal",
            "tailscale cmd/containerboot/main.go, 1.34 and later"
        ),
        LogPattern.Of(
            LogMeaning.Success,
            @"Switching ipn state \S+ -> Running\b",
            "tailscale ipn/ipnlocal/local.go, all"
        ),
        LogPattern.Of(
            LogMeaning.Start,
            @"\bStarting tailscaled$",
            "tailscale cmd/containerboot/tailscaled.go, 1.34 and later"
        ),
        LogPattern.Of(
            LogMeaning.Stop,
            @"^Sending SIGTERM to tailscaled|^tailscaled got signal \w+; shutting down",
            "tailscale cmd/containerboot/main.go, 1.56 and later; cmd/tailscaled/tailscaled.go, all"
        ),
        .. TalosPatterns.All,
        .. HarmlessPatterns.OfErrors,
        .. LoginPatterns.All,
        .. DaemonPatterns.All,
        .. ControlPatterns.All,
        .. LoginPatterns.General,
    ];

    /// <summary>What a line means; null where nobody knows.</summary>
    public static LogPattern? Find(string text) => All.FirstOrDefault(known => known.Matches(text));

    /// <summary>Lines of no interest unless they have a word of failure.</summary>
    public static IReadOnlyList<LogPattern> Plain => HarmlessPatterns.Plain;
}
