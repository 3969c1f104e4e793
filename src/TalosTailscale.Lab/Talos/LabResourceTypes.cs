namespace TalosTailscale.Lab.Talos;

/// <summary>The resource types that the lab's Talos knows, and since which minor version (pkg/machinery/resources).</summary>
internal static class LabResourceTypes
{
    internal const string MachineConfig = "MachineConfigs.config.talos.dev";

    private static readonly HashSet<string> s_namespaces = new(StringComparer.Ordinal)
    {
        "meta", "runtime", "config", "network", "network-config", "cluster", "k8s", "controlplane", "secrets", "files", "perf", "etcd", "v1alpha1", "cri", "hardware", "security",
    };

    private static readonly Dictionary<string, int> s_types = new(StringComparer.Ordinal)
    {
        [MachineConfig] = 0, ["ExtensionServiceConfigs.runtime.talos.dev"] = 7, ["ExtensionStatuses.runtime.talos.dev"] = 0,
        ["MachineStatuses.runtime.talos.dev"] = 0, ["PlatformMetadatas.talos.dev"] = 0, ["Versions.runtime.talos.dev"] = 10,
        ["SecurityStates.talos.dev"] = 0, ["BootedEntries.talos.dev"] = 11, ["KernelCmdlines.runtime.talos.dev"] = 11,
        ["Nodenames.kubernetes.talos.dev"] = 0, ["NodeIPs.kubernetes.talos.dev"] = 0, ["NodeStatuses.kubernetes.talos.dev"] = 0,
        ["HostnameStatuses.net.talos.dev"] = 0, ["NodeAddresses.net.talos.dev"] = 0, ["AddressStatuses.net.talos.dev"] = 0,
        ["LinkStatuses.net.talos.dev"] = 0, ["ResolverStatuses.net.talos.dev"] = 0, ["Services.v1alpha1.talos.dev"] = 0,
        ["Identities.cluster.talos.dev"] = 0, ["Infos.cluster.talos.dev"] = 0, ["Members.cluster.talos.dev"] = 0,
        ["EtcdMembers.etcd.talos.dev"] = 0, ["EtcdSpecs.etcd.talos.dev"] = 0, ["SystemDisks.block.talos.dev"] = 8,
        ["Disks.block.talos.dev"] = 8, ["DiscoveredVolumes.block.talos.dev"] = 8, ["VolumeStatuses.block.talos.dev"] = 8,
        ["Diagnostics.runtime.talos.dev"] = 9, ["ResourceDefinitions.meta.cosi.dev"] = 0,
    };

    internal static IEnumerable<string> All(int minor) => s_types.Where(t => t.Value <= minor).Select(t => t.Key);

    internal static bool IsNamespace(string ns) => s_namespaces.Contains(ns);

    internal static bool Has(string type, int minor) => s_types.TryGetValue(type, out var since) && minor >= since;

    internal static bool IsSensitive(string type) => type == MachineConfig;
}
