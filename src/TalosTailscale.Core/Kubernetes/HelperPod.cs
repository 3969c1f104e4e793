using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// A privileged pod on one node, through which commands are run there. It is deleted when disposed, whatever happened
/// before; pods left by a process that was killed are removed when the next one is made for the same node and purpose.
/// </summary>
public sealed class HelperPod : IAsyncDisposable
{
    // As kubelets and containerd say it, and the API server, whose words a refused handshake keeps for itself.
    private static readonly string[] s_noContainer =
    [
        "container not found",
        "not running",
        "has stopped",
        "CONTAINER_EXITED",
        "handshake with HTTP 500",
    ];
    private static readonly TimeSpan s_cleanUp = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_cleanUpAfterStop = TimeSpan.FromSeconds(4);

    private const int Killed = 137; // 128 + SIGKILL

    private readonly KubernetesConnection _connection;
    private readonly IReporter _reporter;
    private readonly CancellationToken _stopped;
    private bool _deleted;

    private HelperPod(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        IReporter reporter,
        CancellationToken stopped
    )
    {
        _stopped = stopped;
        _connection = connection;
        _reporter = reporter;
        Spec = spec;
        Name = name;
    }

    /// <summary>Name of the pod.</summary>
    public string Name { get; }

    /// <summary>What it was made from.</summary>
    public HelperPodSpec Spec { get; }

    /// <summary>Makes the pod and waits until commands can be run in it; reports nothing.</summary>
    /// <inheritdoc cref="CreateAsync(KubernetesConnection, HelperPodSpec, IReporter, CancellationToken)"/>
    public static Task<HelperPod> CreateAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        CancellationToken cancellationToken
    ) => CreateAsync(connection, spec, SilentReporter.Instance, cancellationToken);

    /// <summary>Removes leftovers of the same purpose from the node, makes the pod and waits until commands can be run in it.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="spec">Node, image, purpose.</param>
    /// <param name="reporter">Told of each step.</param>
    /// <param name="cancellationToken">Cancels; a pod that was made by then is deleted before this returns.</param>
    /// <returns>The pod, to be disposed of by the caller.</returns>
    /// <exception cref="TsException">KubernetesForbidden, PodSecurityRefused, PodImageUnavailable, PodUnschedulable, PodEvicted,
    /// PodFailed, PodNotReady, KubernetesNodeNotFound or a failure of the connection.</exception>
    public static async Task<HelperPod> CreateAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(reporter);
        await KubernetesNodes.GetAsync(connection, spec.NodeName, cancellationToken).ConfigureAwait(false);
        await RemoveLeftoversAsync(connection, spec, reporter, cancellationToken).ConfigureAwait(false);
        var manifest = HelperPodManifest.Build(spec);
        var pod = new HelperPod(connection, spec, manifest.Metadata.Name, reporter, cancellationToken);
        try
        {
            reporter.Verbose($"{spec.NodeName}: creating pod '{spec.Namespace}/{pod.Name}' with image '{spec.Image}'.");
            reporter.Progress(new ProgressStep("Starting a pod", spec.NodeName, $"waiting for '{spec.Image}'"));
            await pod.PostAsync(manifest, cancellationToken).ConfigureAwait(false);
            await PodReadiness.WaitAsync(connection, spec, pod.Name, cancellationToken).ConfigureAwait(false);
            reporter.Verbose($"{spec.NodeName}: pod '{pod.Name}' is ready.");
            return pod;
        }
        catch
        {
            await pod.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            reporter.Progress(new ProgressStep("Starting a pod", spec.NodeName, "done", Completed: true));
        }
    }

    /// <summary>
    /// Runs a command in the pod. Streams are passed through as the data comes, with back-pressure: memory does not grow with
    /// their length. The streams are not closed.
    /// </summary>
    /// <param name="command">Program and arguments; no shell looks at them.</param>
    /// <param name="stdin">Read to its end and sent; null for none. An API server without v5.channel.k8s.io cannot pass the end
    /// on, so the command must know how much to read.</param>
    /// <param name="stdout">Gets the standard output.</param>
    /// <param name="stderr">Gets the standard error; must not wait for the standard output to be read.</param>
    /// <param name="cancellationToken">Cancels. The command gets a broken pipe, not a signal.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="TsException">ExecRefused, ExecConnectionLost, PodVanished, PodEvicted or KubernetesForbidden.</exception>
    public async Task<int> ExecAsync(
        IReadOnlyList<string> command,
        Stream? stdin,
        Stream stdout,
        Stream stderr,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(stdout);
        ArgumentNullException.ThrowIfNull(stderr);
        var target = new PodExecTarget(Spec.Namespace, Name, HelperPodManifest.ContainerName, Spec.NodeName);
        try
        {
            var code = await PodExec
                .RunAsync(_connection, target, command, stdin, stdout, stderr, cancellationToken)
                .ConfigureAwait(false);
            if (code == Killed)
                await PodReadiness
                    .ExplainKillAsync(_connection, Spec, Name, false, cancellationToken)
                    .ConfigureAwait(false);
            return code;
        }
        catch (TsException e)
            when (e.Error == KubernetesErrors.ExecConnectionLost
                || e.Error == KubernetesErrors.ExecRefused
                || e.Error == KubernetesErrors.KubernetesNotFound
            )
        {
            // "Connection lost" is the truth but not the reason when the pod was evicted or deleted under the command.
            if (e.Error == KubernetesErrors.ExecRefused)
            {
                var isGone = s_noContainer.Any(words => e.Message.Contains(words, StringComparison.OrdinalIgnoreCase));
                await PodReadiness
                    .ExplainKillAsync(_connection, Spec, Name, isGone, cancellationToken)
                    .ConfigureAwait(false);
            }
            else
                await PodReadiness.ExplainAsync(_connection, Spec, Name, e, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Deletes the pod and waits until the kubelet has let go of it and its mounts.</summary>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task that ends when the pod is gone.</returns>
    /// <exception cref="TsException">PodNotDeleted, or a failure of the connection.</exception>
    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        await RequestDeletionAsync(cancellationToken).ConfigureAwait(false);
        await PodReadiness.WaitGoneAsync(_connection, Spec, Name, cancellationToken).ConfigureAwait(false);
        _reporter.Verbose($"{Spec.NodeName}: pod '{Name}' is gone.");
    }

    /// <summary>
    /// Asks for the deletion of the pod, with time of its own: it is for the moments when everything else was cancelled.
    /// Never throws; a failure is a warning with the command that helps.
    /// </summary>
    /// <returns>A task that ends when the API server has accepted.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_deleted)
            return;
        // Somebody who pressed Ctrl+C waits for the prompt; what an API server that is away leaves, the pod's deadline ends.
        using var deadline = new CancellationTokenSource(
            _stopped.IsCancellationRequested ? s_cleanUpAfterStop : s_cleanUp
        );
        try
        {
            await RequestDeletionAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TsException or OperationCanceledException)
        {
            _reporter.Warning(
                $"The pod '{Spec.Namespace}/{Name}' on '{Spec.NodeName}' could not be deleted: {e.Message} "
                    + $"It ends by itself within {Spec.Lifetime.TotalMinutes:0} min; 'kubectl -n {Spec.Namespace} delete pod {Name}' removes it now."
            );
        }
    }

    /// <summary>Whether a pod of that name is there, in whatever state.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="ns">Namespace.</param>
    /// <param name="name">Name of the pod.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False only when the API server says that there is none.</returns>
    internal static Task<bool> ExistsAsync(
        KubernetesConnection connection,
        string ns,
        string name,
        CancellationToken cancellationToken
    ) =>
        KubernetesCall.RepeatAsync(
            connection,
            $"read the pod '{ns}/{name}'",
            name,
            async (api, ct) =>
            {
                try
                {
                    await api.CoreV1.ReadNamespacedPodAsync(name, ns, cancellationToken: ct).ConfigureAwait(false);
                    return true;
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                {
                    return false;
                }
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public override string ToString() => $"{Spec.Namespace}/{Name}";

    // The name is ours alone, so "exists already" after a broken connection means that the first try got through.
    private Task<V1Pod> PostAsync(V1Pod manifest, CancellationToken cancellationToken) =>
        KubernetesCall.RepeatAsync(
            _connection,
            $"create a pod on '{Spec.NodeName}'",
            Spec.NodeName,
            async (api, ct) =>
            {
                try
                {
                    return await api
                        .CoreV1.CreateNamespacedPodAsync(manifest, Spec.Namespace, cancellationToken: ct)
                        .ConfigureAwait(false);
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.Conflict))
                {
                    return await api
                        .CoreV1.ReadNamespacedPodAsync(Name, Spec.Namespace, cancellationToken: ct)
                        .ConfigureAwait(false);
                }
            },
            cancellationToken
        );

    private async Task RequestDeletionAsync(CancellationToken cancellationToken)
    {
        if (_deleted)
            return;
        _reporter.Verbose($"{Spec.NodeName}: deleting pod '{Spec.Namespace}/{Name}'.");
        await DeletePodAsync(_connection, Spec.Namespace, Name, cancellationToken).ConfigureAwait(false);
        _deleted = true;
    }

    private static Task<bool> DeletePodAsync(
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
                        .CoreV1.DeleteNamespacedPodAsync(name, ns, gracePeriodSeconds: 2, cancellationToken: ct)
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
        HelperPodSpec spec,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        var selector =
            $"{HelperPodManifest.ManagedBy}={HelperPodManifest.Product},"
            + $"{HelperPodManifest.PurposeLabel}={HelperPodManifest.LabelValue(spec.Purpose)},"
            + $"{HelperPodManifest.NodeLabel}={HelperPodManifest.LabelValue(spec.NodeName)}";
        var pods = await KubernetesCall
            .RepeatAsync(
                connection,
                $"list pods in '{spec.Namespace}'",
                spec.NodeName,
                (api, ct) =>
                    api.CoreV1.ListNamespacedPodAsync(spec.Namespace, labelSelector: selector, cancellationToken: ct),
                cancellationToken
            )
            .ConfigureAwait(false);
        foreach (var pod in pods.Items)
        {
            bool leaves = pod.Metadata.DeletionTimestamp is not null,
                isLeft = HelperPodManifest.IsLeftover(pod, spec.Tenure);
            if (isLeft && !leaves)
            {
                reporter.Verbose($"{spec.NodeName}: removing pod '{pod.Metadata.Name}' that an interrupted run left.");
                await DeletePodAsync(connection, spec.Namespace, pod.Metadata.Name, cancellationToken)
                    .ConfigureAwait(false);
            }

            // Until it is gone its commands may still be at work, and what it has locked stays locked.
            if (isLeft || leaves)
                await WaitGoneAsync(connection, spec, pod.Metadata.Name, reporter, cancellationToken)
                    .ConfigureAwait(false);
            else
            {
                string? who = null;
                pod.Metadata.Annotations?.TryGetValue(HelperPodManifest.OperatorAnnotation, out who);
                reporter.Warning(
                    $"The pod '{spec.Namespace}/{pod.Metadata.Name}' of '{who ?? "somebody"}' is at work on '{spec.NodeName}' too."
                );
            }
        }
    }

    // What does not go is for whoever needs what it holds to complain of.
    private static async Task WaitGoneAsync(
        KubernetesConnection connection,
        HelperPodSpec spec,
        string name,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await PodReadiness.WaitGoneAsync(connection, spec, name, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == KubernetesErrors.PodNotDeleted)
        {
            reporter.Warning(e.Message);
        }
    }
}
