using System.Runtime.CompilerServices;
using k8s;
using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>What is bound to a Kubernetes node by its name, and is lost to the cluster when the name goes.</summary>
public static class NodePins
{
    private const string HostnameLabel = "kubernetes.io/hostname";

    /// <summary>
    /// The persistent volumes whose affinity names the node (local volumes), and the pods whose selector does (the OSDs of
    /// Rook, which keep their data in a folder of the node).
    /// </summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="node">Name of the Kubernetes node, there or not.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What is pinned, as <c>PersistentVolume name</c> or <c>Pod namespace/name</c>.</returns>
    /// <exception cref="TsException">KubernetesForbidden or a failure of the connection.</exception>
    public static async Task<IReadOnlyList<string>> FindAsync(
        KubernetesConnection connection,
        string node,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        var pins = new List<string>();
        await foreach (var volume in VolumesAsync(connection, cancellationToken).ConfigureAwait(false))
            if (NamesNode(volume.Spec?.NodeAffinity?.Required, node))
                pins.Add($"PersistentVolume {volume.Metadata.Name}");
        await foreach (var pod in PodsAsync(connection, cancellationToken).ConfigureAwait(false))
            if (pod.Spec?.NodeSelector?.TryGetValue(HostnameLabel, out var name) == true && name == node)
                pins.Add($"Pod {pod.Metadata.NamespaceProperty}/{pod.Metadata.Name}");
        return pins;
    }

    private static bool NamesNode(V1NodeSelector? selector, string node) =>
        selector?.NodeSelectorTerms?.Any(term =>
            term.MatchExpressions?.Any(one =>
                one.Key == HostnameLabel && one.OperatorProperty == "In" && one.Values?.Contains(node) == true
            ) == true
            || term.MatchFields?.Any(one => one.Key == "metadata.name" && one.Values?.Contains(node) == true) == true
        ) == true;

    private static IAsyncEnumerable<V1PersistentVolume> VolumesAsync(
        KubernetesConnection connection,
        CancellationToken cancellationToken
    ) =>
        PagesAsync<V1PersistentVolumeList, V1PersistentVolume>(
            connection,
            "list persistent volumes",
            (api, page, ct) =>
                api.CoreV1.ListPersistentVolumeAsync(limit: 500, continueParameter: page, cancellationToken: ct),
            cancellationToken
        );

    private static IAsyncEnumerable<V1Pod> PodsAsync(
        KubernetesConnection connection,
        CancellationToken cancellationToken
    ) =>
        PagesAsync<V1PodList, V1Pod>(
            connection,
            "list pods",
            (api, page, ct) =>
                api.CoreV1.ListPodForAllNamespacesAsync(limit: 500, continueParameter: page, cancellationToken: ct),
            cancellationToken
        );

    private static async IAsyncEnumerable<TItem> PagesAsync<TList, TItem>(
        KubernetesConnection connection,
        string what,
        Func<IKubernetes, string?, CancellationToken, Task<TList>> list,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where TList : IItems<TItem>, IMetadata<V1ListMeta>
    {
        string? page = null;
        do
        {
            var token = page;
            var found = await KubernetesCall
                .RepeatAsync(connection, what, null, (api, ct) => list(api, token, ct), cancellationToken)
                .ConfigureAwait(false);
            foreach (var item in found.Items)
                yield return item;
            page = found.Metadata?.ContinueProperty;
        } while (!string.IsNullOrEmpty(page));
    }
}
