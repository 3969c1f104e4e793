using System.Globalization;
using System.Runtime.CompilerServices;
using k8s;
using k8s.Models;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using KubernetesApi = k8s.Kubernetes;

namespace TalosTailscale.Core.Rollout.InCluster;

/// <summary>
/// Runs a plan inside the cluster, a Job for each wave, so that it does not depend on the operator's machine. The next
/// wave begins when the one before has succeeded.
/// </summary>
/// <param name="connection">The cluster.</param>
/// <param name="spec">With what.</param>
/// <param name="reporter">Told of each Job.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class WaveJobs(
    KubernetesConnection connection,
    WaveJobSpec spec,
    IReporter reporter,
    TimeProvider? time = null
)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_cleanUp = TimeSpan.FromSeconds(10);
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Runs it.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellationToken">Ends the looking on, and the wave that runs.</param>
    /// <returns>The waves, as they end.</returns>
    /// <exception cref="TsException"><c>RolloutOptionInvalid</c>, or a failure of the connection.</exception>
    public async IAsyncEnumerable<TsRolloutWave> RunAsync(
        RolloutPlan plan,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        string name = "talos-tailscale-" + Guid.NewGuid().ToString("N")[..8];
        V1Secret inventory = WaveJobManifest.Inventory(spec, name);
        await SendAsync(
                $"create the secret '{name}'",
                (api, ct) => api.CoreV1.CreateNamespacedSecretAsync(inventory, spec.Namespace, cancellationToken: ct),
                cancellationToken
            )
            .ConfigureAwait(false);
        string? running = null;
        try
        {
            foreach (
                IGrouping<int, TsRolloutNode> wave in plan
                    .View.Nodes.GroupBy(node => node.Wave)
                    .OrderBy(group => group.Key)
            )
            {
                TsRolloutNode[] nodes = [.. wave];
                string[] hostnames =
                [
                    .. plan
                        .Works.Where(work => work.Track.Wave == wave.Key)
                        .Select(work => work.Node.KubernetesName ?? work.Node.Name),
                ];
                V1Job job = WaveJobManifest.Job(spec, name, wave.Key, nodes, hostnames);
                running = job.Metadata.Name;
                long started = _time.GetTimestamp();
                reporter.Verbose(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Wave {wave.Key} of {nodes.Length} nodes runs as the Job '{spec.Namespace}/{running}'."
                    )
                );
                await SendAsync(
                        $"create the job '{running}'",
                        (api, ct) => api.BatchV1.CreateNamespacedJobAsync(job, spec.Namespace, cancellationToken: ct),
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                reporter.Progress(
                    new ProgressStep(
                        "Rolling out in the cluster",
                        null,
                        $"wave {wave.Key} of {nodes.Length} nodes, job '{running}'"
                    )
                );
                bool succeeded = await WaitAsync(running, cancellationToken).ConfigureAwait(false);
                var result = new TsRolloutWave
                {
                    Job = $"{spec.Namespace}/{running}",
                    Wave = wave.Key,
                    Nodes = [.. nodes.Select(node => node.Node)],
                    Succeeded = succeeded,
                    Duration = _time.GetElapsedTime(started),
                };
                running = null;
                yield return result;
                if (!succeeded)
                    yield break;
            }
        }
        finally
        {
            await CleanUpAsync(name, running).ConfigureAwait(false);
        }
    }

    private async Task<bool> WaitAsync(string job, CancellationToken cancellationToken)
    {
        while (true)
        {
            V1Job now = await KubernetesCall
                .RepeatAsync(
                    connection,
                    $"read the job '{job}'",
                    job,
                    (api, ct) => api.BatchV1.ReadNamespacedJobAsync(job, spec.Namespace, cancellationToken: ct),
                    cancellationToken
                )
                .ConfigureAwait(false);
            V1JobCondition? end = now.Status?.Conditions?.FirstOrDefault(c =>
                c.Type is "Complete" or "Failed" && c.Status == "True"
            );
            if (end is not null)
                return end.Type == "Complete";
            await Task.Delay(s_pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    // The keys do not stay in the cluster, and no wave runs on unwatched after Ctrl+C; a Job that has ended stays for its log.
    private async Task CleanUpAsync(string secret, string? job)
    {
        using var deadline = new CancellationTokenSource(s_cleanUp);
        try
        {
            if (job is not null)
            {
                await SendAsync(
                        $"delete the job '{job}'",
                        (api, ct) =>
                            api.BatchV1.DeleteNamespacedJobAsync(
                                job,
                                spec.Namespace,
                                propagationPolicy: "Background",
                                cancellationToken: ct
                            ),
                        deadline.Token
                    )
                    .ConfigureAwait(false);
            }

            await SendAsync(
                    $"delete the secret '{secret}'",
                    (api, ct) => api.CoreV1.DeleteNamespacedSecretAsync(secret, spec.Namespace, cancellationToken: ct),
                    deadline.Token
                )
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is TsException or OperationCanceledException)
        {
            reporter.Warning(
                $"The secret '{spec.Namespace}/{secret}', which holds keys, may still be in the cluster: {e.Message}"
            );
        }
    }

    private Task<T> SendAsync<T>(
        string what,
        Func<KubernetesApi, CancellationToken, Task<T>> request,
        CancellationToken cancellationToken
    ) => KubernetesCall.SendAsync(connection, what, spec.Namespace, request, cancellationToken);
}
