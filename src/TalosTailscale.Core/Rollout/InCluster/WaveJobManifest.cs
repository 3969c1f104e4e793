using k8s.Models;

namespace TalosTailscale.Core.Rollout.InCluster;

/// <summary>The objects of a wave: pure.</summary>
internal static class WaveJobManifest
{
    internal const string ManagedBy = "app.kubernetes.io/managed-by";
    internal const string Product = "talos-tailscale";
    private const int SecretLimit = 1024 * 1024;

    /// <summary>The inventory as a Secret: the rendered files hold keys.</summary>
    /// <exception cref="TsException"><c>RolloutOptionInvalid</c>: more than Kubernetes takes.</exception>
    internal static V1Secret Inventory(WaveJobSpec spec, string name)
    {
        long size = spec.Inventory.Sum(file => (long)file.Value.Length + file.Key.Length);
        if (size > SecretLimit)
        {
            throw RolloutErrors.RolloutOptionInvalid.New(
                $"The inventory of these nodes has {size} bytes; a Kubernetes Secret takes {SecretLimit}. Give fewer nodes at once.",
                name
            );
        }

        return new V1Secret
        {
            Metadata = Metadata(spec, name),
            Data = spec.Inventory.ToDictionary(file => KeyOf(file.Key), file => file.Value),
        };
    }

    /// <summary>The Job of a wave. Its pod runs on none of the nodes that the wave restarts.</summary>
    internal static V1Job Job(
        WaveJobSpec spec,
        string secret,
        int wave,
        IReadOnlyList<TsRolloutNode> nodes,
        IReadOnlyList<string> hostnames
    ) =>
        new()
        {
            Metadata = Metadata(spec, $"{secret}-{wave}"),
            Spec = new V1JobSpec
            {
                // Started again it goes on: what a node runs is asked anew.
                BackoffLimit = 3,
                PodFailurePolicy = new V1PodFailurePolicy
                {
                    // 1 is what the script ends with when a step failed: that is for a person to look at, not to be tried again.
                    Rules =
                    [
                        new V1PodFailurePolicyRule
                        {
                            Action = "FailJob",
                            OnExitCodes = new V1PodFailurePolicyOnExitCodesRequirement
                            {
                                OperatorProperty = "In",
                                Values = [1],
                            },
                        },
                    ],
                },
                ActiveDeadlineSeconds = (long)spec.Timeout.TotalSeconds,
                TtlSecondsAfterFinished = 24 * 3600,
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string> { [ManagedBy] = Product } },
                    Spec = new V1PodSpec
                    {
                        RestartPolicy = "Never",
                        ServiceAccountName = spec.ServiceAccount,
                        Affinity = Elsewhere(hostnames),
                        Tolerations =
                        [
                            new V1Toleration
                            {
                                Key = "node-role.kubernetes.io/control-plane",
                                OperatorProperty = "Exists",
                                Effect = "NoSchedule",
                            },
                        ],
                        SecurityContext = new V1PodSecurityContext
                        {
                            RunAsNonRoot = true,
                            RunAsUser = 65532,
                            FsGroup = 65532,
                            SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                        },
                        Containers = [Container(spec, nodes)],
                        Volumes =
                        [
                            new V1Volume
                            {
                                Name = "inventory",
                                Secret = new V1SecretVolumeSource
                                {
                                    SecretName = secret,
                                    Items =
                                    [
                                        .. spec.Inventory.Keys.Select(path => new V1KeyToPath
                                        {
                                            Key = KeyOf(path),
                                            Path = path,
                                        }),
                                    ],
                                },
                            },
                            new V1Volume
                            {
                                Name = "talos",
                                Secret = new V1SecretVolumeSource { SecretName = spec.ServiceAccount },
                            },
                            new V1Volume { Name = "state", EmptyDir = new V1EmptyDirVolumeSource() },
                        ],
                    },
                },
            },
        };

    private static V1Container Container(WaveJobSpec spec, IReadOnlyList<TsRolloutNode> nodes) =>
        new()
        {
            Name = "rollout",
            Image = spec.Image,

            // A list of arguments: nothing is put together to a command line.
            Args =
            [
                "-Node",
                string.Join(',', nodes.Select(node => node.Node)),
                .. spec.Parameters.SelectMany(pair => new[] { "-" + pair.Key, pair.Value }),
            ],
            Env =
            [
                new V1EnvVar { Name = "TALOSCONFIG", Value = "/var/run/secrets/talos.dev/config" },
                new V1EnvVar { Name = "TALOSTAILSCALE_DEVICES", Value = "/inventory" },
                new V1EnvVar { Name = "TALOSTAILSCALE_STATE", Value = "/state" },
                new V1EnvVar { Name = "TALOSTAILSCALE_BACKUPS", Value = "/state/backups" },
            ],
            SecurityContext = new V1SecurityContext
            {
                AllowPrivilegeEscalation = false,
                ReadOnlyRootFilesystem = false,
                Capabilities = new V1Capabilities { Drop = ["ALL"] },
            },
            VolumeMounts =
            [
                new V1VolumeMount
                {
                    Name = "inventory",
                    MountPath = "/inventory",
                    ReadOnlyProperty = true,
                },
                new V1VolumeMount
                {
                    Name = "talos",
                    MountPath = "/var/run/secrets/talos.dev",
                    ReadOnlyProperty = true,
                },
                new V1VolumeMount { Name = "state", MountPath = "/state" },
            ],
        };

    private static V1Affinity Elsewhere(IReadOnlyList<string> hostnames) =>
        new()
        {
            NodeAffinity = new V1NodeAffinity
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector
                {
                    NodeSelectorTerms =
                    [
                        new V1NodeSelectorTerm
                        {
                            MatchExpressions =
                            [
                                new V1NodeSelectorRequirement
                                {
                                    Key = "kubernetes.io/hostname",
                                    OperatorProperty = "NotIn",
                                    Values = [.. hostnames],
                                },
                            ],
                        },
                    ],
                },
            },
        };

    private static V1ObjectMeta Metadata(WaveJobSpec spec, string name) =>
        new()
        {
            Name = name,
            NamespaceProperty = spec.Namespace,
            Labels = new Dictionary<string, string> { [ManagedBy] = Product },
        };

    // Keys of a Secret have no slash.
    private static string KeyOf(string path) => path.Replace('/', '.');
}
