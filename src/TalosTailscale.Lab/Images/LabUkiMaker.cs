namespace TalosTailscale.Lab.Images;

/// <summary>Makes the images that the nodes boot first, as an installation from the factory's image leaves them.</summary>
internal sealed class LabUkiMaker : ILabPart, ILabUkiMaker
{
    public Task StartAsync(LabCluster cluster, CancellationToken cancellationToken) => Task.CompletedTask;

    public void AddClientFiles(LabClientFiles files) { }

    public async Task WriteUkiAsync(LabUkiRequest request, string path, CancellationToken cancellationToken)
    {
        var spec = new LabUkiSpec
        {
            Version = request.TalosVersion,
            Architecture = request.Architecture,
            Extensions = [.. request.Extensions.Select(LabLayer.Official)],
            SecureBoot = request.SecureBoot,
            Kind = request.HaltIfInstalled ? LabUkiKind.Iso : LabUkiKind.Installer,
        };
        await File.WriteAllBytesAsync(path, LabImages.Uki(spec), cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
