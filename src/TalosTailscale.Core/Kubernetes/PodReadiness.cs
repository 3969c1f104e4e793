using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Follows a helper pod from its creation to its end, and says why it does not get there.</summary>
internal static class PodReadiness
{
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_eventInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_goneTimeout = TimeSpan.FromSeconds(60);

    internal static async Task WaitAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        CancellationToken cancellationToken
    )
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(spec.ReadyTimeout);
        var verdict = new PodVerdict(spec, name);
        try
        {
            await FollowToReadyAsync(connection, spec, name, verdict, deadline.Token).ConfigureAwait(false);
            await StartAnythingAsync(connection, spec, name, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw await LateAsync(connection, spec, name, verdict, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Follows the pod, and looks beside that at what only events say: a kubelet that cannot make a sandbox tries again for
    /// ever. One such event may be a network that is just starting; of the second one nobody need wait for the deadline.
    /// </summary>
    private static async Task FollowToReadyAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        PodVerdict verdict,
        CancellationToken cancellationToken
    )
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task following = FollowAsync(connection, spec, name, pod => verdict.IsReady(pod), ended.Token);
        Task events = FailWithoutSandboxAsync(connection, spec, name, verdict, ended.Token);
        Task first = await Task.WhenAny(following, events).ConfigureAwait(false);
        if (first == events && events.IsCompletedSuccessfully)
            first = await Task.WhenAny(following).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(following, events).ConfigureAwait(false);
        }
        catch (Exception e) when (first.IsCompletedSuccessfully || e is OperationCanceledException or TsException)
        {
            // Of the two the first one tells.
            await first.ConfigureAwait(false);
        }
    }

    private static async Task FailWithoutSandboxAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        PodVerdict verdict,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            await Task.Delay(s_eventInterval, cancellationToken).ConfigureAwait(false);
            // A container that waits for its image or runs has its sandbox.
            if (!verdict.MayLackSandbox)
                continue;
            var warnings = await PodEvents
                .WarningsAsync(connection, spec.Namespace, name, spec.NodeName, cancellationToken)
                .ConfigureAwait(false);
            if (warnings is null)
                return;
            if (PodEvents.NoSandboxReason(warnings) is { } reason)
                throw KubernetesErrors.PodSandboxFailed.New(
                    $"The node '{spec.NodeName}' cannot make a sandbox for the pod '{spec.Namespace}/{name}': {reason}.",
                    spec.NodeName
                );
        }
    }

    internal static async Task WaitGoneAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        CancellationToken cancellationToken
    )
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
                    + $"'kubectl -n {spec.Namespace} delete pod {name}' tries again.",
                spec.NodeName,
                e
            );
        }
    }

    /// <summary>
    /// A command that was killed, or found no container, may have gone with its whole pod: then throws why. The pod's
    /// status follows the kill, so it is looked at for a moment; for longer where there is no container any more, since
    /// kubelets report that when they next look at all of theirs.
    /// </summary>
    internal static async Task ExplainKillAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        bool isGone,
        CancellationToken cancellationToken
    )
    {
        for (var look = 0; look < (isGone ? 20 : 4); look++)
        {
            await ExplainAsync(connection, spec, name, null, cancellationToken).ConfigureAwait(false);
            await Task.Delay(s_pollInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Throws the better error when the pod itself is the reason of <paramref name="failure"/>.</summary>
    internal static async Task ExplainAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        TsException? failure,
        CancellationToken cancellationToken
    )
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
                $"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}' was deleted while a command ran in it.",
                spec.NodeName,
                failure
            );
        }
        if (PodVerdict.Failure(spec, name, pod) is { } reason)
            throw reason;
    }

    /// <summary>
    /// Calls <paramref name="done"/> with every state of the pod (null: gone) until it says true. A watch where it can be had;
    /// it may end at any time and misses nothing, since the pod is read again before each new one.
    /// </summary>
    private static async Task FollowAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        Func<V1Pod?, bool> done,
        CancellationToken cancellationToken
    )
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
                catch (Exception e)
                    when (e
                            is HttpOperationException
                                or HttpRequestException
                                or IOException
                                or KubernetesException
                                or System.Text.Json.JsonException
                    )
                {
                    // Watches end for many good reasons (restart, "too old resource version"): look again.
                }
            }
            await Task.Delay(s_pollInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<bool> WatchAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        V1Pod seen,
        Func<V1Pod?, bool> done,
        CancellationToken cancellationToken
    )
    {
        var events = connection.Api.CoreV1.WatchListNamespacedPodAsync(
            spec.Namespace,
            fieldSelector: "metadata.name=" + seen.Metadata.Name,
            resourceVersion: seen.Metadata.ResourceVersion,
            timeoutSeconds: 60,
            cancellationToken: cancellationToken
        );
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
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        CancellationToken cancellationToken
    )
    {
        var target = new PodExecTarget(spec.Namespace, name, HelperPodManifest.ContainerName, spec.NodeName);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await PodExec
                    .RunAsync(connection, target, ["sh", "-c", ":"], null, Stream.Null, Stream.Null, cancellationToken)
                    .ConfigureAwait(false);
                return;
            }
            catch (TsException e)
                when (attempt < 6
                    && (
                        e.Error == KubernetesErrors.ExecRefused
                        || e.Error == KubernetesErrors.ExecConnectionLost
                        || e.Error == KubernetesErrors.KubernetesUnreachable
                    )
                )
            {
                await ExplainAsync(connection, spec, name, e, cancellationToken).ConfigureAwait(false);
            }
            await Task.Delay(s_pollInterval * attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Task<V1Pod?> ReadAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        CancellationToken cancellationToken
    ) =>
        KubernetesCall.RepeatAsync(
            connection,
            $"read the pod '{spec.Namespace}/{name}'",
            spec.NodeName,
            async (api, ct) =>
            {
                try
                {
                    return await api
                        .CoreV1.ReadNamespacedPodAsync(name, spec.Namespace, cancellationToken: ct)
                        .ConfigureAwait(false);
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                {
                    return (V1Pod?)null;
                }
            },
            cancellationToken
        );

    private static async Task<TsException> LateAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        PodVerdict verdict,
        CancellationToken cancellationToken
    )
    {
        var node = await KubernetesNodes.GetAsync(connection, spec.NodeName, cancellationToken).ConfigureAwait(false);
        var state = node.Ready ? verdict.LastState : $"the node is not ready ({node.NotReadyReason})";
        var warnings = await PodEvents
            .WarningsAsync(connection, spec.Namespace, name, spec.NodeName, cancellationToken)
            .ConfigureAwait(false);
        if (warnings is null)
            state += "; its events may not be read";
        else if (warnings.Count > 0)
            state += $"; {warnings[^1].Reason}: {ServerRefusal.Words(warnings[^1].Message ?? "")}";
        if (verdict.PullProblem is { } problem)
        {
            return KubernetesErrors.PodImageUnavailable.New(
                $"The node '{spec.NodeName}' could not pull '{verdict.PullImage}' within {spec.ReadyTimeout.TotalSeconds:0} s: {problem}.",
                spec.NodeName
            );
        }
        return KubernetesErrors.PodNotReady.New(
            $"The pod '{spec.Namespace}/{name}' on '{spec.NodeName}' was not ready within {spec.ReadyTimeout.TotalSeconds:0} s: {state}.",
            spec.NodeName
        );
    }
}
