using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Builds the pod, and recognises pods that were built here.</summary>
internal static class HelperPodManifest
{
    internal const string ManagedBy = "app.kubernetes.io/managed-by";
    internal const string Product = "talos-tailscale";
    internal const string PurposeLabel = "talos-tailscale/purpose";
    internal const string NodeLabel = "talos-tailscale/node";
    internal const string OperatorAnnotation = "talos-tailscale/operator";
    internal const string HolderAnnotation = "talos-tailscale/holder";
    internal const string LeaseAnnotation = "talos-tailscale/lease";
    internal const string AboutAnnotation = "talos-tailscale/about";
    internal const string ContainerName = "shell";

    // Process 1 ignores SIGTERM unless it asks for it: without the trap a deletion would wait out its grace period.
    private const string Idle = "trap 'exit 0' TERM INT; sleep \"$1\" & wait";

    internal static V1Pod Build(HelperPodSpec spec)
    {
        var lifetime = (long)Math.Ceiling(spec.Lifetime.TotalSeconds);
        var pod = new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = Name(spec),
                NamespaceProperty = spec.Namespace,
                Labels = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [ManagedBy] = Product,
                    ["app.kubernetes.io/name"] = Product + "-helper",
                    [PurposeLabel] = LabelValue(spec.Purpose),
                    [NodeLabel] = LabelValue(spec.NodeName),
                },
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [AboutAnnotation] =
                        $"Helper of the PowerShell module TalosTailscale ({spec.Purpose} on {spec.NodeName}); "
                        + $"deleted when the command ends, at the latest after {spec.Lifetime.TotalMinutes:0} min.",
                    [OperatorAnnotation] = $"{Environment.UserName}@{Environment.MachineName}",
                    [HolderAnnotation] = ProcessIdentity.Own,
                },
            },
            Spec = new V1PodSpec
            {
                NodeName = spec.NodeName,
                RestartPolicy = "Never",
                ActiveDeadlineSeconds = lifetime,
                TerminationGracePeriodSeconds = 2,
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                PriorityClassName = spec.Namespace == HelperPodSpec.DefaultNamespace ? "system-node-critical" : null,
                Tolerations = [new V1Toleration { OperatorProperty = "Exists" }],
                ImagePullSecrets =
                    spec.ImagePullSecrets.Count == 0
                        ? null
                        : [.. spec.ImagePullSecrets.Select(n => new V1LocalObjectReference { Name = n })],
                Containers =
                [
                    new V1Container
                    {
                        Name = ContainerName,
                        Image = spec.Image,
                        ImagePullPolicy = "IfNotPresent",
                        Command = ["sh", "-c", Idle, "idle", lifetime.ToString(CultureInfo.InvariantCulture)],
                        SecurityContext = new V1SecurityContext { Privileged = true, RunAsUser = 0 },
                        VolumeMounts = [new V1VolumeMount { Name = "dev", MountPath = "/dev" }],
                    },
                ],
                Volumes =
                [
                    new V1Volume
                    {
                        Name = "dev",
                        HostPath = new V1HostPathVolumeSource { Path = "/dev", Type = "Directory" },
                    },
                ],
            },
        };
        if (spec.Tenure is { } tenure)
            pod.Metadata.Annotations[LeaseAnnotation] = tenure.ToString();
        if (spec.FromImage is not null)
            HelperPodBorrowing.Add(pod.Spec, spec);
        return pod;
    }

    /// <summary>
    /// True for a pod whose maker cannot use it any more: it ended, its maker was a process of this machine that is gone,
    /// or held the lease that is held here now.
    /// </summary>
    internal static bool IsLeftover(V1Pod pod, LeaseTenure? tenure)
    {
        if (pod.Status?.Phase is "Succeeded" or "Failed")
            return true;
        string? holder = null,
            lease = null;
        pod.Metadata.Annotations?.TryGetValue(HolderAnnotation, out holder);
        pod.Metadata.Annotations?.TryGetValue(LeaseAnnotation, out lease);
        return ProcessIdentity.IsGone(holder) || tenure?.Follows(lease) == true;
    }

    // A name is unique per start, so a pod is found by it even when the answer to its creation was lost.
    private static string Name(HelperPodSpec spec)
    {
        var node = LabelValue(spec.NodeName).Replace('.', '-').Replace('_', '-').ToLowerInvariant();
        var purpose = LabelValue(spec.Purpose).Replace('.', '-').Replace('_', '-').ToLowerInvariant();
        var stem = $"ts-{purpose}-{node}";
        if (stem.Length > 52)
            stem = stem[..52].TrimEnd('-');
        return $"{stem}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    }

    internal static string LabelValue(string text)
    {
        var value = new StringBuilder();
        foreach (var c in text)
            value.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-');
        var trimmed = value.ToString();
        return (trimmed.Length > 63 ? trimmed[..63] : trimmed).Trim('-', '_', '.');
    }
}
