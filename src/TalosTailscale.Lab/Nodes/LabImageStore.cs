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
    private static readonly TimeSpan s_retryTime = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan s_retryUnit = TimeSpan.FromSeconds(5);

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
        _images[(ns, reference)] = new(reference, digest, size, node.Cluster.Now);

    internal bool Remove(int ns, string reference) => _images.TryRemove((ns, reference), out _);

    /// <summary>Pulls, unless the reference is there already: then there is no network traffic (SkipIfAlreadyPulled).</summary>
    internal async Task<LabStoredImage> PullAsync(int ns, string reference, CancellationToken cancellationToken)
    {
        if (Find(ns, reference) is { } there)
            return there;
        if (node.Faults.Value(LabFault.PullFails) is { } why)
            throw new LabPullException(Broken(reference, why), why == "not-found");
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

    /// <summary>Pulls as Talos does: until 1.13 every error but NotFound is tried again for 20 minutes, and the log says each once.</summary>
    internal async Task<LabStoredImage> PullPatientlyAsync(
        int ns,
        string reference,
        CancellationToken cancellationToken
    )
    {
        var clock = node.Cluster.Clock;
        var started = clock.GetTimestamp();
        var told = new HashSet<string>(StringComparer.Ordinal);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await PullAsync(ns, reference, cancellationToken);
            }
            catch (LabPullException e) when (!e.NotFound && node.Minor < 14)
            {
                if (told.Add(e.Message))
                    node.Logs["machined"]
                        .Add($"[talos] {clock.GetUtcNow():yyyy/MM/dd HH:mm:ss} retrying error: {e.Message}");
                if (clock.GetElapsedTime(started) >= s_retryTime)
                    throw new LabPullException($"{told.Count} error(s) occurred:\n\t{e.Message}\n\ttimeout", false);
                // go-retry: 0, 1, 3, 7, 15 … times the unit.
                await Task.Delay(((1 << Math.Min(attempt, 8)) - 1) * s_retryUnit, clock, cancellationToken);
            }
        }
    }

    private static string Broken(string reference, string why)
    {
        var host = reference.Split('/')[0];
        return $"failed to pull image \"{reference}\": failed to resolve reference \"{reference}\": "
            + why switch
            {
                "unauthorized" =>
                    $"unexpected status from HEAD request to https://{host}/v2/{Path(reference)}: 401 Unauthorized",
                "not-found" => $"{reference}: not found",
                "refused" => Request(host, reference, "dial tcp 100.64.0.9:443: connect: connection refused"),
                "no-route" => Request(host, reference, "dial tcp 100.64.0.9:443: connect: no route to host"),
                "certificate" => Request(
                    host,
                    reference,
                    "tls: failed to verify certificate: x509: certificate signed by unknown authority"
                ),
                "no-such-host" => Request(host, reference, $"dial tcp: lookup {host} on 127.0.0.53:53: no such host"),
                _ => why,
            };
    }

    private static string Request(string host, string reference, string why) =>
        $"failed to do request: Head \"https://{host}/v2/{Path(reference)}\": {why}";

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
