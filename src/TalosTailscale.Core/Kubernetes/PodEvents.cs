using k8s;
using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>What a kubelet says of a pod in events alone: a pod without a sandbox has no container that could say it.</summary>
internal static class PodEvents
{
    private const string NoSandbox = "FailedCreatePodSandBox";

    /// <summary>The warnings about a pod, oldest first; null where they may not be read.</summary>
    internal static async Task<IReadOnlyList<Corev1Event>?> WarningsAsync(
        KubernetesConnection connection,
        string ns,
        string pod,
        object target,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var events = await KubernetesCall
                .RepeatAsync(
                    connection,
                    $"list events in '{ns}'",
                    target,
                    (api, ct) =>
                        api.CoreV1.ListNamespacedEventAsync(
                            ns,
                            fieldSelector: "involvedObject.name=" + pod,
                            cancellationToken: ct
                        ),
                    cancellationToken
                )
                .ConfigureAwait(false);
            return [.. events.Items.Where(e => e.Type == "Warning").OrderBy(e => e.LastTimestamp ?? e.EventTime)];
        }
        catch (TsException e) when (e.Error == KubernetesErrors.KubernetesForbidden)
        {
            return null;
        }
    }

    /// <summary>Why the node cannot make a sandbox for the pod, in the kubelet's words; null where nothing says so.</summary>
    /// <remarks>Once may be a network that is just starting; whoever has tried twice will go on for ever.</remarks>
    internal static string? NoSandboxReason(IReadOnlyList<Corev1Event>? warnings)
    {
        Corev1Event[] found = [.. (warnings ?? []).Where(e => e.Reason == NoSandbox)];
        return found.Sum(e => e.Count ?? 1) > 1
            ? $"{NoSandbox}: {ServerRefusal.Words(found[^1].Message ?? "no message")}"
            : null;
    }
}
