using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Validation;

/// <summary>
/// Documents that a configuration may not have beside keys of the main document (siderolabs/talos
/// pkg/machinery/config/types: the V1Alpha1ConflictValidate methods of v1.14).
/// </summary>
internal static class ConfigExclusions
{
    private static readonly Exclusion[] s_all =
    [
        new("KubeNodeConfig", "cluster.allowSchedulingOnControlPlanes"),
        new("KubeNodeConfig", "cluster.allowSchedulingOnMasters"),
        new("KubeNodeConfig", "machine.kubelet.skipNodeRegistration"),
        new("KubeNodeConfig", "machine.kubelet.registerWithFQDN"),
        new("KubeNodeConfig", "machine.kubelet.nodeIP"),
        new("KubeNodeConfig", "machine.nodeLabels"),
        new("KubeNodeConfig", "machine.nodeAnnotations"),
        new("KubeNodeConfig", "machine.nodeTaints"),
        new("UnattendedInstallConfig", "machine.install"),
        new("ResolverConfig", "machine.network.nameservers", When.NotEmpty),
        new("ResolverConfig", "machine.network.searchDomains"),
        new("ResolverConfig", "machine.network.disableSearchDomain", When.NotEmpty),
        new("ResolverConfig", "machine.features.hostDNS", Part: "hostDNS"),
        new("HostnameConfig", "machine.network.hostname", When.NotEmpty),
        new("HostnameConfig", "machine.features.stableHostname", When.NotEmpty),
        new("TimeSyncConfig", "machine.time.disabled", When.NotEmpty),
        new("TimeSyncConfig", "machine.time.servers", When.NotEmpty),
        new("TimeSyncConfig", "machine.time.bootTimeout", When.NotEmpty),
        new("KubeSpanConfig", "machine.network.kubespan"),
        new("ImageCacheConfig", "machine.features.imageCache"),
        new("CRIBaseRuntimeSpecConfig", "machine.baseRuntimeSpecOverrides"),
        new("DiscoveryServiceConfig", "cluster.discovery"),
        new("DiscoveryIdentityConfig", "cluster.id", When.NotEmpty),
        new("DiscoveryIdentityConfig", "cluster.secret", When.NotEmpty),
        new("VolumeConfig", "machine.systemDiskEncryption.state", Part: "encryption", Name: "STATE"),
        new("VolumeConfig", "machine.systemDiskEncryption.ephemeral", Part: "encryption", Name: "EPHEMERAL"),
        new("KubeletConfig", "machine.kubelet"),
        new("KubeCredentialProviderConfig", "machine.kubelet"),
        new("KubeClusterConfig", "cluster.clusterName", When.NotEmpty),
        new("KubeClusterConfig", "cluster.controlPlane.endpoint"),
        new("KubeNetworkConfig", "cluster.network"),
        new("KubeFlannelCNIConfig", "cluster.network"),
        new("KubeProxyConfig", "cluster.proxy"),
        new("KubeAPIServerConfig", "cluster.apiServer"),
        new("KubeAPIServerConfig", "cluster.controlPlane.localAPIServerPort", When.NotEmpty),
        new("KubeControllerManagerConfig", "cluster.controllerManager"),
        new("KubeControllerManagerConfig", "machine.controlPlane.controllerManager"),
        new("KubeSchedulerConfig", "cluster.scheduler"),
        new("KubeSchedulerConfig", "machine.controlPlane.scheduler"),
        new("KubeCoreDNSConfig", "cluster.coreDNS"),
        new("KubeAdmissionControlConfig", "cluster.apiServer.admissionControl", When.NotEmpty),
        // Talos looks at admissionControl here too, not at authorizationConfig.
        new("KubeAuthorizerConfig", "cluster.apiServer.admissionControl", When.NotEmpty),
        new("KubeAuditPolicyConfig", "cluster.apiServer.auditPolicy", When.NotEmpty),
        new("KubeAPIServerCAConfig", "cluster.ca"),
        new("KubeAggregatorCAConfig", "cluster.aggregatorCA"),
        new("KubeServiceAccountConfig", "cluster.serviceAccount"),
        new("KubeEtcdEncryptionConfig", "cluster.secretboxEncryptionSecret", When.NotEmpty),
        new("KubeEtcdEncryptionConfig", "cluster.aescbcEncryptionSecret", When.NotEmpty),
        new("KubePrismConfig", "machine.features.kubePrism"),
        new("KubeTalosAPIAccessConfig", "machine.features.kubernetesTalosAPIAccess"),
    ];

    /// <summary>When a key of the main document excludes.</summary>
    internal enum When
    {
        /// <summary>It is there; an empty map counts.</summary>
        Present,

        /// <summary>It is there and neither empty, zero nor false.</summary>
        NotEmpty,
    }

    /// <summary>The exclusions that a configuration breaks.</summary>
    public static IEnumerable<(Exclusion Rule, YamlNode Key)> Broken(ConfigView config)
    {
        foreach (Exclusion rule in s_all)
        {
            bool there = config
                .Kind(rule.Kind)
                .Any(root =>
                    (rule.Part is null || root.Get(rule.Part) is not null)
                    && (rule.Name is null || root.GetText("name") == rule.Name)
                );
            if (there && config.At(rule.Old) is { } key && (rule.When == When.Present || !IsEmpty(key)))
                yield return (rule, key);
        }
    }

    /// <summary>A patch has one side of an exclusion, and it or the configuration the other.</summary>
    public static bool MayBreak(ConfigTree config, ConfigTree patch)
    {
        var old = new ConfigView(config);
        var added = new ConfigView(patch);
        return Array.Exists(s_all, rule =>
            (patch.HasKind(rule.Kind) && (old.At(rule.Old) ?? added.At(rule.Old)) is not null)
            || (config.HasKind(rule.Kind) && added.At(rule.Old) is not null)
        );
    }

    /// <summary>The exclusions that a configuration breaks, as findings.</summary>
    public static IEnumerable<ConfigFinding> Check(ConfigView config) =>
        Broken(config)
            .Select(broken => new ConfigFinding(
                $"found a {broken.Rule.Kind} beside {broken.Rule.Old}, expected one of the two",
                $"Keep the {broken.Rule.Kind} and delete {broken.Rule.Old}, or the other way round.{Place(broken.Rule)}",
                broken.Rule.Kind,
                broken.Key
            ));

    private static string Place(Exclusion rule)
    {
        IEnumerable<string> places = ConfigForms
            .All.Where(form => form.Kind == rule.Kind && form.IsWithin(rule.Old))
            .Select(form => $"{form.Old} is {form.Place} there");
        string text = string.Join("; ", places);
        return text.Length == 0 ? string.Empty : $" {text}.";
    }

    private static bool IsEmpty(YamlNode node) =>
        node.IsCollection
            ? node.Entries!.Count == 0
            : node.Value is "" or "0" or "0s"
                || (node.Style == YamlStyle.Plain && YamlScalar.TryBoolean(node.Value) == false);

    /// <summary>A document and a key that exclude each other.</summary>
    /// <param name="Kind">The kind of the document.</param>
    /// <param name="Old">The key of the main document.</param>
    /// <param name="When">What counts.</param>
    /// <param name="Part">The key of the document without which it does not exclude.</param>
    /// <param name="Name">The one document of the kind that it is about.</param>
    internal sealed record Exclusion(
        string Kind,
        string Old,
        When When = When.Present,
        string? Part = null,
        string? Name = null
    );
}
