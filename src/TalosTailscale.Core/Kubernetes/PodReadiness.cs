using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Follows a helper pod from its creation to its end, and says why it does not get there.</summary>
internal static class PodReadiness
{
    private static readonly TimeSpan s_pullPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_goneTimeout = TimeSpan.FromSeconds(60);

    // What a registry says when it will not say otherwise the next time.
    private static readonly string[] s_finalPullErrors =
    [
        "not found", "manifest unknown", "name unknown", "unauthorized", "denied", "no match for platform", "invalid reference",
    ];

    internal static async Task WaitAsync(
        KubernetesConnection connection, HelperPodSpec spec, string name, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(spec.ReadyTimeout);
        var verdict = new Verdict(spec, name);
        try
        {
            await FollowAsync(connection, spec, name, pod => verdict.IsReady(pod), deadline.Token).ConfigureAwait(false);
            await StartAnythingAsync(connection, spec, name, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw await LateAsync(connection, spec, name, verdict, cancellationToken).ConfigureAwait(false);
        }
    }

    internal static async Task WaitGoneAsync(
        KubernetesConnection connection, HelperPodSpec spec, string name, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(s_goneTimeout);
        try
        {
            await FollowAsync(connection, spec, name, pod => pod is null, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw KubernetesErrors.PodNotDeleted.New(
                $"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}' is still there {s_goneTimeout.TotalSeconds:0} s after its deletion; "
                + $"'kubectl -n {spec.Namespace} delete pod {name}' tries again.", spec.NodeName, e);
        }
    }

    /// <summary>
    /// A command that was killed may have gone with its whole pod: then throws why. The pod's status follows the kill, so it is
    /// looked at for a moment.
    /// </summary>
    internal static async Task ExplainKillAsync(
        KubernetesConnection connection, HelperPodSpec spec, string name, CancellationToken cancellationToken)
    {
        for (var look = 0; look < 4; look++)
        {
            await ExplainAsync(connection, spec, name, null, cancellationToken).ConfigureAwait(false);
            await Task.Delay(s_pollInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Throws the better error when the pod itself is the reason of <paramref name="failure"/>.</summary>
    internal static async Task ExplainAsync(
        KubernetesConnection connection, HelperPodSpec spec, string name, TsException? failure, CancellationToken cancellationToken)
    {
        V1Pod? pod;
        try
        {
            pod = await ReadAsync(connection, spec, name, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException)
        {
            return; // the API server does not answer: what broke the stream, and known to the caller already
        }
        if (pod is null || pod.Metadata.DeletionTimestamp is not null)
        {
            throw KubernetesErrors.PodVanished.New(
                $"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}' was deleted while a command ran in it.", spec.NodeName, failure);
        }
        if (Verdict.Failure(spec, name, pod) is { } reason)
            throw reason;
    }

    /// <summary>
    /// Calls <paramref name="done"/> with every state of the pod (null: gone) until it says true. A watch where it can be had;
    /// it may end at any time and misses nothing, since the pod is read again before each new one.
    /// </summary>
    private static async Task FollowAsync(
        KubernetesConnection connection, HelperPodSpec spec, string name, Func<V1Pod?, bool> done, CancellationToken cancellationToken)
    {
        var mayWatch = true;
        while (true)
        {
            var pod = await ReadAsync(connection, spec, name, cancellationToken).ConfigureAwait(false);
            if (done(pod))
                return;
            if (mayWatch && pod is not null)
            {
                try
                {
                    if (await WatchAsync(connection, spec, pod, done, cancellationToken).ConfigureAwait(false))
                        return;
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.Forbidden))
                {
                    mayWatch = false;
                }
                catch (Exception e) when (e is HttpOperationException or HttpRequestException or IOException or KubernetesException
                    or System.Text.Json.JsonException)
                {
                    // Watches end for many good reasons (restart, "too old resource version"): look again.
                }
            }
            await Task.Delay(s_pollInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<bool> WatchAsync(
        KubernetesConnection connection, HelperPodSpec spec, V1Pod seen, Func<V1Pod?, bool> done, CancellationToken cancellationToken)
    {
        var events = connection.Api.CoreV1.WatchListNamespacedPodAsync(
            spec.Namespace, fieldSelector: "metadata.name=" + seen.Metadata.Name,
            resourceVersion: seen.Metadata.ResourceVersion, timeoutSeconds: 60, cancellationToken: cancellationToken);
        await foreach (var (type, pod) in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (type is WatchEventType.Error or WatchEventType.Bookmark)
                return false;
            if (done(type == WatchEventType.Deleted ? null : pod))
                return true;
        }
        return false;
    }

    // "Ready" is the kubelet's word; its exec server may lag behind it by a moment.
    private static async Task StartAnythingAsync(
        KubernetesConnection connection, HelperPodSpec spec, string name, CancellationToken cancellationToken)
    {
        var target = new PodExecTarget(spec.Namespace, name, HelperPodManifest.ContainerName, spec.NodeName);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await PodExec.RunAsync(connection, target, ["sh", "-c", ":"], null, Stream.Null, Stream.Null, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TsException e) when (attempt < 6
                && (e.Error == KubernetesErrors.ExecRefused || e.Error == KubernetesErrors.ExecConnectionLost || e.Error == KubernetesErrors.KubernetesUnreachable))
            {
                await ExplainAsync(connection, spec, name, e, cancellationToken).ConfigureAwait(false);
            }
            await Task.Delay(s_pollInterval * attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Task<V1Pod?> ReadAsync(
        KubernetesConnection connection, HelperPodSpec spec, string name, CancellationToken cancellationToken) =>
        KubernetesCall.RepeatAsync(connection, $"read the pod '{spec.Namespace}/{name}'", spec.NodeName, async (api, ct) =>
        {
            try
            {
                return await api.CoreV1.ReadNamespacedPodAsync(name, spec.Namespace, cancellationToken: ct).ConfigureAwait(false);
            }
            catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
            {
                return (V1Pod?)null;
            }
        }, cancellationToken);

    private static async Task<TsException> LateAsync(
        KubernetesConnection connection, HelperPodSpec spec, string name, Verdict verdict, CancellationToken cancellationToken)
    {
        var node = await KubernetesNodes.GetAsync(connection, spec.NodeName, cancellationToken).ConfigureAwait(false);
        var state = node.Ready ? verdict.LastState : $"the node is not ready ({node.NotReadyReason})";
        try
        {
            var events = await KubernetesCall.RepeatAsync(connection, "list events", spec.NodeName, (api, ct) =>
                api.CoreV1.ListNamespacedEventAsync(
                    spec.Namespace, fieldSelector: "involvedObject.name=" + name, cancellationToken: ct), cancellationToken).ConfigureAwait(false);
            var last = events.Items.Where(e => e.Type == "Warning").OrderBy(e => e.LastTimestamp ?? e.EventTime).LastOrDefault();
            if (last is not null)
                state += $"; {last.Reason}: {KubernetesCall.Sentence(last.Message ?? "")}";
        }
        catch (TsException e) when (e.Error == KubernetesErrors.KubernetesForbidden)
        {
            state += "; its events may not be read";
        }
        if (verdict.PullProblem is { } problem)
        {
            return KubernetesErrors.PodImageUnavailable.New(
                $"The node '{spec.NodeName}' could not pull '{spec.Image}' within {spec.ReadyTimeout.TotalSeconds:0} s: {problem}.", spec.NodeName);
        }
        return KubernetesErrors.PodNotReady.New(
            $"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}' was not ready within {spec.ReadyTimeout.TotalSeconds:0} s: {state}.", spec.NodeName);
    }

    /// <summary>Judges the states of one pod in the order in which they are seen.</summary>
    private sealed class Verdict(HelperPodSpec spec, string name)
    {
        private long _pullTrouble;

        internal string LastState { get; private set; } = "it was not seen";

        internal string? PullProblem { get; private set; }

        internal bool IsReady(V1Pod? pod)
        {
            if (pod is null || pod.Metadata.DeletionTimestamp is not null)
                throw KubernetesErrors.PodVanished.New($"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}' was deleted before it was ready.", spec.NodeName);
            if (Failure(spec, name, pod) is { } failure)
                throw failure;
            var waiting = pod.Status?.ContainerStatuses?.FirstOrDefault()?.State?.Waiting;
            LastState = $"phase {pod.Status?.Phase ?? "unknown"}" + (waiting?.Reason is { } r ? $", {r}" : "");
            CheckPull(waiting);
            return pod.Status?.Phase == "Running" && pod.Status.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true;
        }

        internal static TsException? Failure(HelperPodSpec spec, string name, V1Pod pod)
        {
            var status = pod.Status;
            var said = KubernetesCall.Sentence(status?.Message ?? "no message");
            var container = status?.ContainerStatuses?.FirstOrDefault()?.State;
            var where = $"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}'";
            return (status?.Phase, status?.Reason, container) switch
            {
                ("Failed", "Evicted" or "Preempting" or "Terminated" or "NodeShutdown" or "Shutdown", _) =>
                    KubernetesErrors.PodEvicted.New($"{where} was evicted ({status.Reason}): {said}.", spec.NodeName),
                ("Failed", "DeadlineExceeded", _) =>
                    KubernetesErrors.PodFailed.New($"{where} reached the end of its lifetime of {spec.Lifetime.TotalMinutes:0} min.", spec.NodeName),
                ("Failed", { Length: > 0 } reason, null or { Terminated: null }) =>
                    KubernetesErrors.PodUnschedulable.New($"{where} was refused by the kubelet ({reason}): {said}.", spec.NodeName),
                (_, _, { Terminated: { } end }) =>
                    KubernetesErrors.PodFailed.New($"{where} ended with exit code {end.ExitCode} ({end.Reason}): {KubernetesCall.Sentence(end.Message ?? "no message")}.", spec.NodeName),
                ("Failed" or "Succeeded", _, _) =>
                    KubernetesErrors.PodFailed.New($"{where} ended in the phase {status.Phase}: {said}.", spec.NodeName),
                (_, _, { Waiting: { Reason: "CreateContainerConfigError" or "CreateContainerError" or "RunContainerError" or "CrashLoopBackOff" } w }) =>
                    KubernetesErrors.PodFailed.New($"{where} cannot start ({w.Reason}): {KubernetesCall.Sentence(w.Message ?? "no message")}.", spec.NodeName),
                _ => null,
            };
        }

        private void CheckPull(V1ContainerStateWaiting? waiting)
        {
            if (waiting?.Reason is not ("ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull" or "ImageInspectError"))
            {
                _pullTrouble = 0;
                return;
            }
            var message = KubernetesCall.Sentence(waiting.Message ?? waiting.Reason);
            PullProblem = $"{waiting.Reason}: {message}";
            if (_pullTrouble == 0)
                _pullTrouble = Environment.TickCount64;
            var final = waiting.Reason is "InvalidImageName" or "ErrImageNeverPull"
                || s_finalPullErrors.Any(e => message.Contains(e, StringComparison.OrdinalIgnoreCase))
                || Environment.TickCount64 - _pullTrouble > s_pullPatience.TotalMilliseconds;
            if (final)
                throw KubernetesErrors.PodImageUnavailable.New($"The node '{spec.NodeName}' cannot pull '{spec.Image}' ({PullProblem}).", spec.NodeName);
        }
    }
}
