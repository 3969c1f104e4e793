using System.Collections.Concurrent;

namespace TalosTailscale.Lab.Nodes;

/// <summary>An image in a node's containerd.</summary>
internal sealed record LabStoredImage(string Name, string Digest, long Size, DateTimeOffset CreatedAt);

/// <summary>Why a pull failed.</summary>
/// <param name="message">containerd's text.</param>
/// <param name="notFound">Whether the registry does not have it.</param>
internal sealed class LabPullException(string message, bool notFound) : Exception(message)
{
    internal bool NotFound => notFound;
}

/// <summary>The images that one node's containerd has, and how it comes by more.</summary>
internal sealed class LabImageStore(LabNode node)
{
    private readonly ConcurrentDictionary<(int Namespace, string Name), LabStoredImage> _images = new();

    internal IReadOnlyList<LabStoredImage> List(int ns) =>
        [
            .. _images
                .Where(i => i.Key.Namespace == ns)
                .Select(i => i.Value)
                .OrderBy(i => i.Name, StringComparer.Ordinal),
        ];

    internal LabStoredImage? Find(int ns, string reference) => _images.GetValueOrDefault((ns, reference));

    internal void Add(int ns, string reference, string digest, long size) =>
        _images[(ns, reference)] = new(reference, digest, size, DateTimeOffset.UtcNow);

    internal bool Remove(int ns, string reference) => _images.TryRemove((ns, reference), out _);

    /// <summary>Pulls, unless the reference is there already: then there is no network traffic (SkipIfAlreadyPulled).</summary>
    internal async Task<LabStoredImage> PullAsync(int ns, string reference, CancellationToken cancellationToken)
    {
        if (Find(ns, reference) is { } there)
            return there;
        var image = LabPublicImages.Find(reference) ?? await FromRegistryAsync(reference, cancellationToken);
        if (image is null)
        {
            throw new LabPullException(
                $"error pulling image: failed to resolve reference \"{reference}\": {reference}: not found",
                notFound: true
            );
        }

        Add(ns, reference, image.Digest, image.Size);
        return _images[(ns, reference)];
    }

    /// <summary>
    /// Why the node cannot find the host of an image, in containerd's words; null when it can. A tailnet name needs tailscale up
    /// and 100.100.100.100 asked first: Talos's host DNS takes the NXDOMAIN of an earlier server for the answer
    /// (siderolabs/talos internal/pkg/dns).
    /// </summary>
    internal string? NameProblem(string reference)
    {
        var host = reference.Split('/')[0];
        if (node.Faults.Has(LabFault.NoNames))
            return Lookup(host, reference, "i/o timeout");
        var inTailnet = host.EndsWith(".ts.net", StringComparison.OrdinalIgnoreCase);
        return !inTailnet || (node.TailnetAddress is not null && LabResolvers.Of(node) is ["100.100.100.100", ..])
            ? null
            : Lookup(host, reference, "no such host");
    }

    private async Task<LabImage?> FromRegistryAsync(string reference, CancellationToken cancellationToken)
    {
        var host = reference.Split('/')[0];
        var problem = NameProblem(reference)
            ?? (
                node.Cluster.Part<ILabImageRegistry>()?.HasHost(host) == true
                    ? null
                    : Lookup(host, reference, "no such host")
            );
        if (problem is not null)
            throw new LabPullException(problem, notFound: false);
        return await node.Cluster.Part<ILabImageRegistry>()!.PullAsync(reference, node.Architecture, cancellationToken);
    }

    private static string Lookup(string host, string reference, string why) =>
        $"failed to pull image \"{reference}\": failed to resolve reference \"{reference}\": failed to do request: "
        + $"Head \"https://{host}/v2/{Path(reference)}\": dial tcp: lookup {host} on 127.0.0.53:53: {why}";

    private static string Path(string reference)
    {
        var rest = reference[(reference.IndexOf('/', StringComparison.Ordinal) + 1)..];
        var colon = rest.LastIndexOf(':');
        return colon < 0 ? $"{rest}/manifests/latest" : $"{rest[..colon]}/manifests/{rest[(colon + 1)..]}";
    }
}
