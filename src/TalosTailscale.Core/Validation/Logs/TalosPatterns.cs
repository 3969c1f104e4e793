using static TalosTailscale.Core.Validation.LogPattern;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// What Talos says of the extension's service, in the logs <c>machined</c> and <c>kernel</c> or where they are sent as
/// JSON. Lines of these logs that are not of tailscale say nothing here, whatever words they have.
/// </summary>
internal static class TalosPatterns
{
    private const string Runner = "talos internal/app/machined/pkg/system/runner/restart/restart.go, 1.9 and later";
    private const string Service = @"service\[ext-tailscale\]\(\w+\): ";

    public static IReadOnlyList<LogPattern> All { get; } =
    [
        Failure(
            Causes.ServiceConfigMissing,
            Service + @"Waiting for .*extension service config",
            "talos internal/app/machined/pkg/system/services/extension.go, 1.9 and later"
        ),
        LogPattern.Of(
            LogMeaning.Generic,
            Causes.ServiceFlapping,
            Service + @"(Error running|Runner \S+ exited).*going to restart",
            Runner
        ),
        Failure(
            Causes.ServiceNotRunning,
            Service
                + @".*([Ff]ailed|[Ee]rror|condition failed)|failed to (create|start) task: ""ext-tailscale""|container ""ext-tailscale""",
            "talos internal/app/machined/pkg/system/service_runner.go, runner/containerd/containerd.go, 1.9 and later"
        ),
        Failure(
            Causes.ServiceConfigMissing,
            @"log ""ext-tailscale"" was not registered",
            "talos internal/app/machined/pkg/runtime/logging/circular.go, 1.9 and later"
        ),
        LogPattern.Of(
            LogMeaning.Benign,
            @"^(kern|user|daemon|syslog|auth|authpriv|local\d):\s+\w+: \[\d{4}-|^\[talos\] |^service\[|^(task|phase) \S+ \(\d+/\d+\)",
            "talos: other lines of the kernel's and machined's log"
        ),
    ];
}
