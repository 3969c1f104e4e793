using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Finds the way to a cluster's Kubernetes API: by a kubeconfig, else by one that the Talos API hands out.</summary>
public static class KubernetesAccess
{
    /// <summary>Opens the connection, and makes sure that it leads to the cluster that Talos answers for.</summary>
    /// <inheritdoc cref="OpenAnyAsync"/>
    /// <exception cref="TsException">ClustersDiffer, ClustersNotCompared; or there is no connection.</exception>
    public static async Task<KubernetesConnection> OpenAsync(
        TalosClient talos,
        string? path,
        string? context,
        CancellationToken cancellationToken
    )
    {
        KubernetesConnection connection = await OpenAnyAsync(talos, path, context, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await SameCluster.RequireAsync(talos, connection, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether a failure to open says that something is wrong, rather than away: then nobody may go on without Kubernetes.
    /// </summary>
    /// <param name="failure">What was thrown.</param>
    /// <returns>True where it must stop the work.</returns>
    public static bool IsRefusal(TsException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure.Error == KubernetesErrors.ClustersDiffer
            || failure.Error == KubernetesErrors.ClustersNotCompared
            || failure.Error == KubernetesErrors.KubeconfigFromNodeRefused;
    }

    /// <summary>Opens the connection, to whatever cluster it leads.</summary>
    /// <param name="talos">The Talos API, for a kubeconfig where there is no other.</param>
    /// <param name="path">The kubeconfig; null to look it up.</param>
    /// <param name="context">The kubeconfig's context; null for its current one.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The connection.</returns>
    public static async Task<KubernetesConnection> OpenAnyAsync(
        TalosClient talos,
        string? path,
        string? context,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(talos);
        return path is not null || KubernetesConnection.HasDefault()
            ? KubernetesConnection.Open(path, context)
            : KubernetesConnection.FromNode(
                await talos.Node(null).KubeconfigAsync(cancellationToken).ConfigureAwait(false),
                "the Talos API",
                context
            );
    }
}
