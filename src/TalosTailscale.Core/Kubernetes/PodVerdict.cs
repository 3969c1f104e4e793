using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Judges the states of one pod in the order in which they are seen.</summary>
internal sealed class PodVerdict(HelperPodSpec spec, string name)
{
    private static readonly TimeSpan s_pullPatience = TimeSpan.FromSeconds(30);

    // What a registry says when it will not say otherwise the next time.
    private static readonly string[] s_finalPullErrors =
    [
        "not found",
        "manifest unknown",
        "name unknown",
        "unauthorized",
        "denied",
        "no match for platform",
        "invalid reference",
    ];

    private long _pullTrouble;

    internal string LastState { get; private set; } = "it was not seen";

    /// <summary>Whether the pod is in a state in which its sandbox may be what it waits for.</summary>
    internal bool MayLackSandbox { get; private set; } = true;

    internal string? PullProblem { get; private set; }

    internal string? PullImage { get; private set; }

    internal bool IsReady(V1Pod? pod)
    {
        if (pod is null || pod.Metadata.DeletionTimestamp is not null)
            throw KubernetesErrors.PodVanished.New(
                $"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}' was deleted before it was ready.",
                spec.NodeName
            );
        if (Failure(spec, name, pod) is { } failure)
            throw failure;
        var current = Current(pod.Status);
        var waiting = current?.State?.Waiting;
        LastState = $"phase {pod.Status?.Phase ?? "unknown"}" + (waiting?.Reason is { } r ? $", {r}" : "");
        MayLackSandbox =
            pod.Status?.Phase is null or "Pending"
            && waiting?.Reason is null or "ContainerCreating" or "PodInitializing";
        CheckPull(waiting, current?.Name == HelperPodBorrowing.BorrowerName ? spec.FromImage : spec.Image);
        return pod.Status?.Phase == "Running"
            && pod.Status.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true;
    }

    internal static TsException? Failure(HelperPodSpec spec, string name, V1Pod pod)
    {
        var status = pod.Status;
        var said = KubernetesCall.Sentence(status?.Message ?? "no message");
        var current = Current(status);
        var container = current?.State;
        var where = $"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}'";
        if (
            current?.Name == HelperPodBorrowing.BorrowerName
            && container?.Terminated is { ExitCode: not 0 and < 128 } noFile
        )
        {
            return KubernetesErrors.ImageWithoutFile.New(
                $"'{spec.FromImageFile}' could not be taken out of the image '{spec.FromImage}' on '{spec.NodeName}': {KubernetesCall.Sentence(noFile.Message ?? $"exit code {noFile.ExitCode}")}.",
                spec.NodeName
            );
        }
        return (status?.Phase, status?.Reason, container) switch
        {
            ("Failed", "Evicted" or "Preempting" or "Terminated" or "NodeShutdown" or "Shutdown", _) =>
                KubernetesErrors.PodEvicted.New($"{where} was evicted ({status.Reason}): {said}.", spec.NodeName),
            ("Failed", "DeadlineExceeded", _) => KubernetesErrors.PodFailed.New(
                $"{where} reached the end of its lifetime of {spec.Lifetime.TotalMinutes:0} min.",
                spec.NodeName
            ),
            ("Failed", { Length: > 0 } reason, null or { Terminated: null }) => KubernetesErrors.PodUnschedulable.New(
                $"{where} was refused by the kubelet ({reason}): {said}.",
                spec.NodeName
            ),
            (_, _, { Terminated: { } end }) => KubernetesErrors.PodFailed.New(
                $"{where} ended with exit code {end.ExitCode} ({end.Reason}): {KubernetesCall.Sentence(end.Message ?? "no message")}.",
                spec.NodeName
            ),
            ("Failed" or "Succeeded", _, _) => KubernetesErrors.PodFailed.New(
                $"{where} ended in the phase {status.Phase}: {said}.",
                spec.NodeName
            ),
            (
                _,
                _,
                {
                    Waiting:
                    {
                        Reason: "CreateContainerConfigError"
                            or "CreateContainerError"
                            or "RunContainerError"
                            or "CrashLoopBackOff"
                    } w
                }
            ) => KubernetesErrors.PodFailed.New(
                $"{where} cannot start ({w.Reason}): {KubernetesCall.Sentence(w.Message ?? "no message")}.",
                spec.NodeName
            ),
            _ => null,
        };
    }

    // The container whose turn it is: those that run before the pod's own one after the other, unless they ended well.
    private static V1ContainerStatus? Current(V1PodStatus? status) =>
        status?.InitContainerStatuses?.FirstOrDefault(c => c.State?.Terminated is not { ExitCode: 0 })
        ?? status?.ContainerStatuses?.FirstOrDefault();

    private void CheckPull(V1ContainerStateWaiting? waiting, string? image)
    {
        if (
            waiting?.Reason
            is not (
                "ErrImagePull"
                or "ImagePullBackOff"
                or "InvalidImageName"
                or "ErrImageNeverPull"
                or "ImageInspectError"
            )
        )
        {
            _pullTrouble = 0;
            return;
        }
        var message = KubernetesCall.Sentence(waiting.Message ?? waiting.Reason);
        PullProblem = $"{waiting.Reason}: {message}";
        PullImage = image;
        if (_pullTrouble == 0)
            _pullTrouble = Environment.TickCount64;
        var final =
            waiting.Reason is "InvalidImageName" or "ErrImageNeverPull"
            || s_finalPullErrors.Any(e => message.Contains(e, StringComparison.OrdinalIgnoreCase))
            || Environment.TickCount64 - _pullTrouble > s_pullPatience.TotalMilliseconds;
        if (final)
            throw KubernetesErrors.PodImageUnavailable.New(
                $"The node '{spec.NodeName}' cannot pull '{image}' ({PullProblem}).",
                spec.NodeName
            );
    }
}
