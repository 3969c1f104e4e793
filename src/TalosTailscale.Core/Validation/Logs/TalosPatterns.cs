using TalosTailscale.Core.Talos;
using static TalosTailscale.Core.Validation.LogPattern;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// What Talos says of the extension's service and of pulls, in the logs <c>machined</c> and <c>kernel</c> or where they
/// are sent as JSON. Lines of these logs that are of neither say nothing here, whatever words they have.
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
        Failure(
            Causes.ServiceNotRunning,
            Service
                + ".*(failed to (create|start) (container|task)|error creating (log|cgroup)"
                + "|failed to (move process|record pid)|error deleting old container)",
            "talos internal/app/machined/pkg/system/runner/containerd/containerd.go, 1.9 and later",
            "Look at what the line names (a mount, a cgroup, containerd): Get-TalosLog containerd and the "
                + "kernel's log tell more; take the extension that was built for this version of Talos."
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
                + @".*([Ff]ailed|[Ee]rror|condition failed)|failed to (create|start) task: ""ext-tailscale"""
                + @"|container ""ext-tailscale""",
            "talos internal/app/machined/pkg/system/service_runner.go, runner/containerd/containerd.go, 1.9 and later"
        ),
        Failure(
            Causes.ServiceConfigMissing,
            @"log ""ext-tailscale"" was not registered",
            "talos internal/app/machined/pkg/runtime/logging/circular.go, 1.9 and later"
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"runtime\.ExtensionServiceConfigFilesController.*(error|failed)|(error"
                + @"|failed).*runtime\.ExtensionServiceConfigFilesController",
            "talos internal/app/machined/pkg/controllers/runtime/extension_service_config_files.go, 1.9 and later",
            "Correct configFiles of the ExtensionServiceConfig: tailscale needs none."
        ),
        Failure(
            Causes.ServiceNotRunning,
            @"runtime\.Extension(Service|Status)Controller.*(error|failed)|(error"
                + @"|failed).*runtime\.Extension(Service|Status)Controller",
            "talos internal/app/machined/pkg/controllers/runtime/extension_service.go and "
                + "extension_status.go, 1.9 and later",
            "Talos does not take the extension as it is: use the image of a schematic with "
                + "siderolabs/tailscale, built by the factory for this version of Talos."
        ),
        Failure(
            Causes.TailscaledCrashed,
            @"[Kk]illed process \d+ \((tailscaled|containerboot|tailscale)\)|oom-kill:.*task=(tailscaled"
                + @"|containerboot)\b",
            "Linux mm/oom_kill.c, all",
            "The node ran out of memory and the kernel ended tailscale: give the node more, or set limits "
                + "for the pods on it."
        ),
        Failure(
            Causes.TailscaledCrashed,
            @"\b(tailscaled|containerboot)\[\d+\]:? (segfault at|general protection|trap )",
            "Linux arch/x86/mm/fault.c, kernel/traps.c, all"
        ),
        .. Pulls(),
        LogPattern.Of(
            LogMeaning.Benign,
            @"^(kern|user|daemon|syslog|auth|authpriv|local\d):\s+\w+: \[\d{4}-|^\[talos\] |^service\["
                + @"|^(task|phase) \S+ \(\d+/\d+\)",
            "talos: other lines of the kernel's and machined's log"
        ),
    ];

    private static IEnumerable<LogPattern> Pulls() =>
        ImagePullReasons
            .Words.Append((Words: "", Reason: ImagePullReason.Other))
            .Select(one =>
                LogPattern.Of(
                    LogMeaning.Trouble,
                    PullChecks.CauseOf(one.Reason),
                    $"(?i)failed to pull image .*({one.Words})",
                    "talos internal/pkg/containers/image/image.go, 1.9 and later; containerd core/remotes/docker"
                )
            );
}
