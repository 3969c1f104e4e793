namespace TalosTailscale.Lab.Talos;

/// <summary>The resource types that the lab's Talos knows: where they live, and since which minor version (pkg/machinery/resources).</summary>
internal static class LabResourceTypes
{
    internal const string MachineConfig = "MachineConfigs.config.talos.dev";
    internal const string Definition = "ResourceDefinitions.meta.cosi.dev";

    private static readonly HashSet<string> s_namespaces = new(StringComparer.Ordinal)
    {
        "meta",
        "runtime",
        "config",
        "network",
        "network-config",
        "cluster",
        "cluster-raw",
        "k8s",
        "controlplane",
        "secrets",
        "files",
        "perf",
        "etcd",
        "cri",
        "hardware",
        "security",
    };

    private static readonly Dictionary<string, (string Namespace, int Since)> s_types = new(StringComparer.Ordinal)
    {
        [MachineConfig] = ("config", 0),
        [Definition] = ("meta", 0),
        ["ExtensionServiceConfigs.runtime.talos.dev"] = ("runtime", 7),
        ["ExtensionStatuses.runtime.talos.dev"] = ("runtime", 0),
        ["MachineTypes.config.talos.dev"] = ("config", 0),
        ["SystemInformations.hardware.talos.dev"] = ("hardware", 0),
        ["MachineStatuses.runtime.talos.dev"] = ("runtime", 0),
        ["PlatformMetadatas.talos.dev"] = ("runtime", 0),
        ["Versions.runtime.talos.dev"] = ("runtime", 10),
        ["SecurityStates.talos.dev"] = ("runtime", 0),
        ["BootedEntries.talos.dev"] = ("runtime", 11),
        ["KernelCmdlines.runtime.talos.dev"] = ("runtime", 11),
        ["Diagnostics.runtime.talos.dev"] = ("runtime", 9),
        ["Services.v1alpha1.talos.dev"] = ("runtime", 0),
        ["SystemDisks.block.talos.dev"] = ("runtime", 8),
        ["Disks.block.talos.dev"] = ("runtime", 8),
        ["DiscoveredVolumes.block.talos.dev"] = ("runtime", 8),
        ["VolumeStatuses.block.talos.dev"] = ("runtime", 8),
        ["Nodenames.kubernetes.talos.dev"] = ("k8s", 0),
        ["NodeIPs.kubernetes.talos.dev"] = ("k8s", 0),
        ["NodeStatuses.kubernetes.talos.dev"] = ("k8s", 0),
        ["HostnameStatuses.net.talos.dev"] = ("network", 0),
        ["NodeAddresses.net.talos.dev"] = ("network", 0),
        ["AddressStatuses.net.talos.dev"] = ("network", 0),
        ["LinkStatuses.net.talos.dev"] = ("network", 0),
        ["RouteStatuses.net.talos.dev"] = ("network", 0),
        ["ResolverStatuses.net.talos.dev"] = ("network", 0),
        ["Identities.cluster.talos.dev"] = ("cluster", 0),
        ["Infos.cluster.talos.dev"] = ("cluster", 0),
        ["Members.cluster.talos.dev"] = ("cluster", 0),
        ["EtcdMembers.etcd.talos.dev"] = ("etcd", 0),
        ["EtcdSpecs.etcd.talos.dev"] = ("etcd", 0),
    };

    internal static IEnumerable<(string Type, string Namespace)> All(int minor) =>
        s_types.Where(t => t.Value.Since <= minor).Select(t => (t.Key, t.Value.Namespace));

    internal static bool IsNamespace(string ns) => s_namespaces.Contains(ns);

    internal static bool Has(string type, int minor) =>
        s_types.TryGetValue(type, out var known) && minor >= known.Since;

    internal static bool IsSensitive(string type) => type == MachineConfig;
}
