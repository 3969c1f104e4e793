using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using k8s;
using k8s.Autorest;
using k8s.Models;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>What came of a pull by a pod.</summary>
/// <param name="Pulled">True when the kubelet has the image.</param>
/// <param name="Message">The kubelet's words, or the phase that the pod came to.</param>
/// <param name="Duration">How long it took.</param>
public sealed record PodPullResult(bool Pulled, string Message, TimeSpan Duration);

/// <summary>
/// Proves that a node pulls an image: a pod of that image, bound to the node, without any right, is made, followed until the
/// image is there or cannot be had, and deleted whatever happens. The image is always asked for at its registry.
/// </summary>
public static class PullPod
{
    private const string Purpose = "pull-test";
    private const long Nobody = 65534;

    private static readonly TimeSpan s_eventInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_cleanUp = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_cleanUpAfterStop = TimeSpan.FromSeconds(4);

    /// <summary>Makes the pod, waits for the pull and deletes the pod.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="node">Name of the Kubernetes node.</param>
    /// <param name="ns">The pod's namespace.</param>
    /// <param name="image">The image.</param>
    /// <param name="patience">How long a pull may take.</param>
    /// <param name="reporter">Told of each step, and warned when the pod could not be deleted.</param>
    /// <param name="cancellationToken">Cancels; the pod is deleted first.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="TsException">The pod could not be made or read.</exception>
    public static async Task<PodPullResult> RunAsync(
        KubernetesConnection connection,
        string node,
        string ns,
        string image,
        TimeSpan patience,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(reporter);
        await RemoveLeftoversAsync(connection, node, ns, reporter, cancellationToken).ConfigureAwait(false);
        var pod = Build(node, ns, image, patience);
        var name = pod.Metadata.Name;
        var started = Stopwatch.GetTimestamp();
        try
        {
            reporter.Verbose($"{node}: creating pod '{ns}/{name}' of image '{image}'.");
            await CreateAsync(connection, pod, ns, node, cancellationToken).ConfigureAwait(false);
            var (pulled, message) = await FollowAsync(connection, ns, name, patience, cancellationToken)
                .ConfigureAwait(false);
            return new PodPullResult(pulled, message, Stopwatch.GetElapsedTime(started));
        }
        finally
        {
            await DeleteAsync(connection, ns, name, node, reporter, cancellationToken.IsCancellationRequested)
                .ConfigureAwait(false);
        }
    }

    private static async Task<(bool Pulled, string Message)> FollowAsync(
        KubernetesConnection connection,
        string ns,
        string name,
        TimeSpan patience,
        CancellationToken cancellationToken
    )
    {
        var started = Stopwatch.GetTimestamp();
        var trouble = "the pod was not seen";
        var looked = started;
        while (Stopwatch.GetElapsedTime(started) < patience)
        {
            var pod = await KubernetesPods.FindAsync(connection, ns, name, cancellationToken).ConfigureAwait(false);
            if (pod is null || pod.Metadata.DeletionTimestamp is not null)
                return (false, "the pod was deleted by somebody else");
            var status = pod.Status?.ContainerStatuses?.FirstOrDefault();
            var waiting = status?.State?.Waiting;
            // Whatever the program in the image then does: the image is there.
            if (
                status?.State?.Running is not null
                || status?.State?.Terminated is not null
                || !string.IsNullOrEmpty(status?.ImageID)
                || waiting?.Reason
                    is "CrashLoopBackOff"
                        or "RunContainerError"
                        or "CreateContainerError"
                        or "CreateContainerConfigError"
            )
                return (true, pod.Status?.Phase ?? "Running");
            if (pod.Status?.Phase == "Failed")
                return (false, $"{pod.Status.Reason}: {KubernetesCall.Sentence(pod.Status.Message ?? "no message")}");
            trouble = waiting is null
                ? $"phase {pod.Status?.Phase ?? "unknown"}"
                : $"{waiting.Reason}: {KubernetesCall.Sentence(waiting.Message ?? "no message")}";
            if (waiting?.Reason is "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull")
                return (false, trouble);
            if (Stopwatch.GetElapsedTime(looked) > s_eventInterval && waiting?.Reason is null or "ContainerCreating")
            {
                looked = Stopwatch.GetTimestamp();
                var warnings = await PodEvents
                    .WarningsAsync(connection, ns, name, name, cancellationToken)
                    .ConfigureAwait(false);
                if (PodEvents.NoSandboxReason(warnings) is { } reason)
                    return (false, reason);
            }
            await Task.Delay(s_look, cancellationToken).ConfigureAwait(false);
        }

        return (false, $"not pulled within {patience.TotalSeconds:0} s; {trouble}");
    }

    // The name is ours alone, so "exists already" after a broken connection means that the first try got through.
    private static Task<V1Pod> CreateAsync(
        KubernetesConnection connection,
        V1Pod pod,
        string ns,
        string node,
        CancellationToken cancellationToken
    ) =>
        KubernetesCall.RepeatAsync(
            connection,
            $"create a pod on '{node}'",
            node,
            async (api, ct) =>
            {
                try
                {
                    return await api
                        .CoreV1.CreateNamespacedPodAsync(pod, ns, cancellationToken: ct)
                        .ConfigureAwait(false);
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.Conflict))
                {
                    return pod;
                }
            },
            cancellationToken
        );

    private static async Task DeleteAsync(
        KubernetesConnection connection,
        string ns,
        string name,
        string node,
        IReporter reporter,
        bool stopped
    )
    {
        using var deadline = new CancellationTokenSource(stopped ? s_cleanUpAfterStop : s_cleanUp);
        try
        {
            await RemoveAsync(connection, ns, name, deadline.Token).ConfigureAwait(false);
            while (!stopped && await HelperPod.ExistsAsync(connection, ns, name, deadline.Token).ConfigureAwait(false))
                await Task.Delay(s_look, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TsException or OperationCanceledException)
        {
            reporter.Warning(
                $"The pod '{ns}/{name}' on '{node}' could not be deleted: {e.Message} 'kubectl -n {ns} delete pod {name}' removes it."
            );
        }
    }

    private static Task<bool> RemoveAsync(
        KubernetesConnection connection,
        string ns,
        string name,
        CancellationToken cancellationToken
    ) =>
        KubernetesCall.RepeatAsync(
            connection,
            $"delete the pod '{ns}/{name}'",
            name,
            async (api, ct) =>
            {
                try
                {
                    await api
                        .CoreV1.DeleteNamespacedPodAsync(name, ns, gracePeriodSeconds: 1, cancellationToken: ct)
                        .ConfigureAwait(false);
                    return true;
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                {
                    return false;
                }
            },
            cancellationToken
        );

    private static async Task RemoveLeftoversAsync(
        KubernetesConnection connection,
        string node,
        string ns,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        var selector =
            $"{HelperPodManifest.ManagedBy}={HelperPodManifest.Product},{HelperPodManifest.PurposeLabel}={Purpose},"
            + $"{HelperPodManifest.NodeLabel}={HelperPodManifest.LabelValue(node)}";
        var pods = await KubernetesCall
            .RepeatAsync(
                connection,
                $"list pods in '{ns}'",
                node,
                (api, ct) => api.CoreV1.ListNamespacedPodAsync(ns, labelSelector: selector, cancellationToken: ct),
                cancellationToken
            )
            .ConfigureAwait(false);
        foreach (
            var pod in pods.Items.Where(pod =>
                pod.Metadata.DeletionTimestamp is null && HelperPodManifest.IsLeftover(pod, null)
            )
        )
        {
            reporter.Verbose($"{node}: removing pod '{pod.Metadata.Name}' that an interrupted run left.");
            await RemoveAsync(connection, ns, pod.Metadata.Name, cancellationToken).ConfigureAwait(false);
        }
    }

    private static V1Pod Build(string node, string ns, string image, TimeSpan patience) =>
        new()
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = $"ts-{Purpose}-{RandomNumberGenerator.GetHexString(10, lowercase: true)}",
                NamespaceProperty = ns,
                Labels = new Dictionary<string, string>
                {
                    [HelperPodManifest.ManagedBy] = HelperPodManifest.Product,
                    [HelperPodManifest.PurposeLabel] = Purpose,
                    [HelperPodManifest.NodeLabel] = HelperPodManifest.LabelValue(node),
                },
                Annotations = new Dictionary<string, string>
                {
                    [HelperPodManifest.HolderAnnotation] = ProcessIdentity.Own,
                },
            },
            Spec = new V1PodSpec
            {
                NodeName = node,
                RestartPolicy = "Never",
                ActiveDeadlineSeconds = (long)patience.TotalSeconds + 60,
                TerminationGracePeriodSeconds = 1,
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                Tolerations = [new V1Toleration { OperatorProperty = "Exists" }],
                Containers =
                [
                    new V1Container
                    {
                        Name = Purpose,
                        Image = image,
                        ImagePullPolicy = "Always",
                        SecurityContext = new V1SecurityContext
                        {
                            AllowPrivilegeEscalation = false,
                            // Fits a namespace at the level "restricted": whether the program runs does not matter.
                            RunAsNonRoot = true,
                            RunAsUser = Nobody,
                            Capabilities = new V1Capabilities { Drop = ["ALL"] },
                            SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                        },
                    },
                ],
            },
        };
}
