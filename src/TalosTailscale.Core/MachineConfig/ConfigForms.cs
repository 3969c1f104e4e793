using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Validation;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// A setting that Talos has in two places: as a key of the main document, and as one of a document of its own. A node
/// takes one of the two.
/// </summary>
/// <param name="Old">The path in the main document.</param>
/// <param name="Kind">The kind of the other document.</param>
/// <param name="New">The path in it; empty where the document being there is the setting.</param>
/// <param name="Shape">How the values of the two relate.</param>
/// <param name="Since">The first Talos in which this kind of document has it; null for the first that has the kind.</param>
internal sealed record ConfigForm(
    string Old,
    string Kind,
    string New,
    FormShape Shape = FormShape.Same,
    Version? Since = null
)
{
    /// <summary>The new place in words.</summary>
    public string Place => New.Length == 0 ? $"the {Kind} document" : $"{Kind} {New}";

    /// <summary>The old place is this key or one below it.</summary>
    public bool IsWithin(string old) =>
        Old == old || (Old.StartsWith(old, StringComparison.Ordinal) && Old[old.Length] == '.');

    /// <summary>The first Talos that takes the new place.</summary>
    public Version? From => Since ?? TalosSchema.Instance.Since(Kind);
}

/// <summary>How the value of a setting in the main document relates to the one in the document of its own.</summary>
internal enum FormShape
{
    /// <summary>The same value.</summary>
    Same,

    /// <summary>A list of addresses there is a list of maps with <c>address</c> here.</summary>
    Addresses,

    /// <summary>True there is false here.</summary>
    Inverted,

    /// <summary>True there is the document being there; false cannot be said.</summary>
    Presence,
}

/// <summary>The settings with two places, and where a configuration has them.</summary>
internal static class ConfigForms
{
    /// <summary>The networks from which the kubelet takes the node's address.</summary>
    public static readonly ConfigForm NodeSubnets = new(
        "machine.kubelet.nodeIP.validSubnets",
        "KubeNodeConfig",
        "nodeIP.validSubnets"
    );

    public static readonly ConfigForm PodSubnets = new("cluster.network.podSubnets", "KubeNetworkConfig", "podSubnets");

    public static readonly ConfigForm ServiceSubnets = new(
        "cluster.network.serviceSubnets",
        "KubeNetworkConfig",
        "serviceSubnets"
    );

    public static readonly ConfigForm InstallImage = new(
        "machine.install.image",
        "UnattendedInstallConfig",
        "installer.image"
    );

    public static readonly ConfigForm NodeLabels = new("machine.nodeLabels", "KubeNodeConfig", "labels");

    public static readonly ConfigForm Nameservers = new(
        "machine.network.nameservers",
        "ResolverConfig",
        "nameservers",
        FormShape.Addresses
    );

    public static readonly ConfigForm HostDns = Since114(
        "machine.features.hostDNS.enabled",
        "ResolverConfig",
        "hostDNS.enabled"
    );

    public static readonly ConfigForm Discovery = new(
        "cluster.discovery.enabled",
        "DiscoveryServiceConfig",
        "",
        FormShape.Presence
    );

    public static readonly ConfigForm TalosApiAccess = new(
        "machine.features.kubernetesTalosAPIAccess.enabled",
        "KubeTalosAPIAccessConfig",
        "",
        FormShape.Presence
    );

    public static readonly ConfigForm ApiServerNames = new(
        "cluster.apiServer.certSANs",
        "KubeAPIServerConfig",
        "certExtraSANs"
    );

    /// <summary>All of them. What is not here has one place only, or two that say different things.</summary>
    public static readonly IReadOnlyList<ConfigForm> All =
    [
        NodeSubnets,
        NodeLabels,
        new("machine.nodeAnnotations", "KubeNodeConfig", "annotations"),
        new("machine.nodeTaints", "KubeNodeConfig", "taints"),
        new("machine.kubelet.skipNodeRegistration", "KubeNodeConfig", "skipNodeRegistration"),
        new("machine.kubelet.registerWithFQDN", "KubeNodeConfig", "registerWithFQDN"),
        new("machine.kubelet.image", "KubeletConfig", "image"),
        new("machine.kubelet.clusterDNS", "KubeletConfig", "clusterDNS"),
        new("machine.kubelet.extraArgs", "KubeletConfig", "extraArgs"),
        new("machine.kubelet.extraConfig", "KubeletConfig", "config"),
        new(
            "machine.kubelet.defaultRuntimeSeccompProfileEnabled",
            "KubeletConfig",
            "defaultRuntimeSeccompProfileEnabled"
        ),
        new("machine.kubelet.credentialProviderConfig", "KubeCredentialProviderConfig", "configuration"),
        PodSubnets,
        ServiceSubnets,
        new("cluster.network.dnsDomain", "KubeNetworkConfig", "dnsDomain"),
        InstallImage,
        new("machine.install.wipe", "UnattendedInstallConfig", "provisioning.wipe"),
        Nameservers,
        new("machine.network.searchDomains", "ResolverConfig", "searchDomains.domains"),
        new("machine.network.disableSearchDomain", "ResolverConfig", "searchDomains.disableDefault"),
        HostDns,
        Since114("machine.features.hostDNS.forwardKubeDNSToHost", "ResolverConfig", "hostDNS.forwardKubeDNSToHost"),
        Since114("machine.features.hostDNS.resolveMemberNames", "ResolverConfig", "hostDNS.resolveMemberNames"),
        new("machine.network.hostname", "HostnameConfig", "hostname"),
        Discovery,
        new("cluster.discovery.registries.service.endpoint", "DiscoveryServiceConfig", "endpoint"),
        new("cluster.id", "DiscoveryIdentityConfig", "clusterID"),
        new("cluster.secret", "DiscoveryIdentityConfig", "clusterSecret"),
        TalosApiAccess,
        new("machine.features.kubernetesTalosAPIAccess.allowedRoles", "KubeTalosAPIAccessConfig", "allowedRoles"),
        new(
            "machine.features.kubernetesTalosAPIAccess.allowedKubernetesNamespaces",
            "KubeTalosAPIAccessConfig",
            "allowedKubernetesNamespaces"
        ),
        ApiServerNames,
        new("cluster.apiServer.image", "KubeAPIServerConfig", "image"),
        new("cluster.apiServer.extraArgs", "KubeAPIServerConfig", "extraArgs"),
        new("cluster.apiServer.env", "KubeAPIServerConfig", "env"),
        new("cluster.apiServer.auditPolicy", "KubeAuditPolicyConfig", "configuration"),
        new("cluster.controlPlane.localAPIServerPort", "KubeAPIServerConfig", "apiPort"),
        new("cluster.controlPlane.endpoint", "KubeClusterConfig", "endpoint"),
        new("cluster.clusterName", "KubeClusterConfig", "clusterName"),
        new("cluster.controllerManager.image", "KubeControllerManagerConfig", "image"),
        new("cluster.controllerManager.extraArgs", "KubeControllerManagerConfig", "extraArgs"),
        new("cluster.controllerManager.env", "KubeControllerManagerConfig", "env"),
        new("cluster.scheduler.image", "KubeSchedulerConfig", "image"),
        new("cluster.scheduler.extraArgs", "KubeSchedulerConfig", "extraArgs"),
        new("cluster.scheduler.env", "KubeSchedulerConfig", "env"),
        new("cluster.scheduler.config", "KubeSchedulerConfig", "config"),
        new("cluster.proxy.image", "KubeProxyConfig", "image"),
        new("cluster.proxy.mode", "KubeProxyConfig", "mode"),
        new("cluster.proxy.extraArgs", "KubeProxyConfig", "extraArgs"),
        new("cluster.proxy.disabled", "KubeProxyConfig", "enabled", FormShape.Inverted),
        new("cluster.coreDNS.image", "KubeCoreDNSConfig", "image"),
        new("cluster.coreDNS.disabled", "KubeCoreDNSConfig", "enabled", FormShape.Inverted),
        new("machine.features.kubePrism.enabled", "KubePrismConfig", "", FormShape.Presence),
        new("machine.features.kubePrism.port", "KubePrismConfig", "port"),
        new("machine.features.imageCache.localEnabled", "ImageCacheConfig", "local.enabled"),
        new("machine.time.servers", "TimeSyncConfig", "ntp.servers"),
        new("machine.time.bootTimeout", "TimeSyncConfig", "bootTimeout"),
        new("machine.time.disabled", "TimeSyncConfig", "enabled", FormShape.Inverted),
        new("machine.network.kubespan.enabled", "KubeSpanConfig", "enabled"),
        new("machine.network.kubespan.advertiseKubernetesNetworks", "KubeSpanConfig", "advertiseKubernetesNetworks"),
        new("machine.network.kubespan.allowDownPeerBypass", "KubeSpanConfig", "allowDownPeerBypass"),
        new("machine.network.kubespan.harvestExtraEndpoints", "KubeSpanConfig", "harvestExtraEndpoints"),
        new("machine.network.kubespan.mtu", "KubeSpanConfig", "mtu"),
        new("machine.network.kubespan.filters", "KubeSpanConfig", "filters"),
        new("machine.baseRuntimeSpecOverrides", "CRIBaseRuntimeSpecConfig", "overrides"),
    ];

    /// <summary>The name of the one document of a kind that the settings are about; empty where the kind has none.</summary>
    public static string NameOf(string kind) => kind == "DiscoveryServiceConfig" ? "default" : string.Empty;

    /// <summary>The value of a setting, wherever the configuration has it; null when it has none.</summary>
    public static YamlNode? Value(ConfigView config, ConfigForm form)
    {
        foreach (YamlNode root in config.Kind(form.Kind))
        {
            if (form.New.Length == 0)
                return root;
            if (ConfigView.At(root, form.New) is { } found)
                return found;
        }

        return config.At(form.Old);
    }

    /// <summary>The texts of a setting that is a list.</summary>
    public static IReadOnlyList<string> Texts(ConfigView config, ConfigForm form)
    {
        YamlNode? value = Value(config, form);
        bool maps = value is { Entries: [{ Value.Resolved.Kind: YamlKind.Map }, ..] };
        return maps && form.Shape == FormShape.Addresses
            ? [.. value!.Entries!.Select(entry => entry.Value.GetTextResolved("address") ?? string.Empty)]
            : ConfigView.TextsOf(value);
    }

    /// <summary>
    /// Where this configuration takes a setting: the new place where it has the document, or where the node's Talos
    /// would be given it there and nothing stands in the old one.
    /// </summary>
    /// <param name="config">The configuration.</param>
    /// <param name="form">The setting.</param>
    /// <param name="talos">The node's Talos; null when not known.</param>
    public static string PlaceOf(ConfigView config, ConfigForm form, Version? talos) =>
        IsNew(config, form, talos) ? form.Place : form.Old;

    private static bool IsNew(ConfigView config, ConfigForm form, Version? talos)
    {
        if (config.Kind(form.Kind).Any())
            return talos is null || form.From is not { } from || talos >= new Version(from.Major, from.Minor);

        // A 1.14 configuration has the documents that replace the old sections; KubeClusterConfig is in every one.
        string section = string.Join('.', form.Old.Split('.').Take(2));
        return config.Kind("KubeClusterConfig").Any() && config.At(section) is null;
    }

    // ResolverConfig is older than its hostDNS.
    private static ConfigForm Since114(string old, string kind, string place) =>
        new(old, kind, place, Since: new Version(1, 14, 0));
}
