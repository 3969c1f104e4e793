using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>What Kubernetes says of a pod.</summary>
/// <param name="Namespace">Namespace.</param>
/// <param name="Name">Name.</param>
/// <param name="NodeName">The Kubernetes node that it is on; empty while it waits for one.</param>
/// <param name="Phase">Phase (<c>Running</c>).</param>
/// <param name="Ready">True when it is ready, or has ended well.</param>
/// <param name="Reason">Why it is not ready; null when it is.</param>
public sealed record KubernetesPodState(
    string Namespace,
    string Name,
    string NodeName,
    string Phase,
    bool Ready,
    string? Reason
)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>Reads pods.</summary>
public static class KubernetesPods
{
    /// <summary>The pods of a namespace, in pages.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="ns">The namespace; one that does not exist has no pods.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The pods by name.</returns>
    /// <exception cref="TsException">A failure of the connection, or <c>KubernetesForbidden</c>.</exception>
    public static async Task<IReadOnlyList<KubernetesPodState>> ListAsync(
        KubernetesConnection connection,
        string ns,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        var pods = new List<KubernetesPodState>();
        string? page = null;
        do
        {
            var token = page;
            var list = await KubernetesCall
                .RepeatAsync(
                    connection,
                    $"list pods in '{ns}'",
                    ns,
                    (api, ct) =>
                        api.CoreV1.ListNamespacedPodAsync(
                            ns,
                            limit: 500,
                            continueParameter: token,
                            cancellationToken: ct
                        ),
                    cancellationToken
                )
                .ConfigureAwait(false);
            pods.AddRange(list.Items.Select(ToState));
            page = list.Metadata?.ContinueProperty;
        } while (!string.IsNullOrEmpty(page));
        pods.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return pods;
    }

    internal static Task<V1Pod?> FindAsync(
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
                    return await api
                        .CoreV1.ReadNamespacedPodAsync(name, ns, cancellationToken: ct)
                        .ConfigureAwait(false);
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                {
                    return (V1Pod?)null;
                }
            },
            cancellationToken
        );

    private static KubernetesPodState ToState(V1Pod pod)
    {
        var phase = pod.Status?.Phase ?? "Unknown";
        var ready =
            phase == "Succeeded" || pod.Status?.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true;
        var waiting = pod.Status?.ContainerStatuses?.Select(c => c.State?.Waiting).FirstOrDefault(w => w is not null);
        var reason =
            ready ? null
            : waiting is null ? pod.Status?.Reason ?? phase
            : $"{waiting.Reason}: {KubernetesCall.Sentence(waiting.Message ?? "no message")}";
        return new KubernetesPodState(
            pod.Metadata.NamespaceProperty ?? "",
            pod.Metadata.Name,
            pod.Spec?.NodeName ?? "",
            phase,
            ready,
            reason
        );
    }
}
