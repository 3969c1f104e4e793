namespace TalosTailscale.Lab;

/// <summary>
/// A part of the lab that the cluster starts and stops: the Talos API, the Kubernetes API, the Image Factory, the
/// registry, the tailnet. Parts are listed in <see cref="LabParts"/> and started in that order.
/// </summary>
public interface ILabPart : IAsyncDisposable
{
    /// <summary>Starts it. What it needs of parts before it, it finds by <see cref="LabCluster.Part{T}"/>.</summary>
    /// <param name="cluster">The lab.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    /// <returns>When it can be used.</returns>
    Task StartAsync(LabCluster cluster, CancellationToken cancellationToken);

    /// <summary>Adds the files and environment variables by which a client reaches it.</summary>
    /// <param name="files">Where to add them.</param>
    void AddClientFiles(LabClientFiles files);
}
