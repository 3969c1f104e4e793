namespace TalosTailscale.Lab.Kubernetes;

/// <summary>The images that lab nodes can pull for pods: the usual small ones, and those of Talos and Kubernetes.</summary>
internal static class LabPodImages
{
    private static readonly string[] s_known =
    [
        "debian",
        "busybox",
        "alpine",
        "docker.io/library/debian",
        "docker.io/library/busybox",
        "docker.io/library/alpine",
        "ghcr.io/siderolabs/",
        "registry.k8s.io/",
        "factory.talos.dev/",
        "127.0.0.1:",
        "localhost:",
        "registry.ide-newton.ts.net/",
    ];

    /// <summary>Why the image cannot be pulled, in containerd's words; null when it can be.</summary>
    internal static string? Problem(string image, LabKubernetesFaults faults)
    {
        if (faults.UnpullableImages.TryGetValue(image, out var words))
            return words;
        var known = s_known.Any(k =>
            image == k
            || (image.StartsWith(k, StringComparison.Ordinal) && (k[^1] is '/' or ':' || image[k.Length] is ':' or '@'))
        );
        return known
            ? null
            : $"rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found";
    }
}
