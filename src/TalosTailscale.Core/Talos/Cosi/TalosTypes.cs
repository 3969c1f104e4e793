namespace TalosTailscale.Core.Talos;

/// <summary>A kind of resource: where it lives and what it is called, with its case.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Type">Its full type.</param>
public sealed record TalosType(string Namespace, string Type)
{
    /// <inheritdoc/>
    public override string ToString() => Type;
}

/// <summary>The resource types that this module reads (siderolabs/talos pkg/machinery/resources).</summary>
public static class TalosTypes
{
    /// <summary>Machine configurations; admin only.</summary>
    public static readonly TalosType MachineConfig = new("config", "MachineConfigs.config.talos.dev");

    /// <summary>Control plane or worker.</summary>
    public static readonly TalosType MachineType = new("config", "MachineTypes.config.talos.dev");

    /// <summary>What the firmware says of the machine (SMBIOS).</summary>
    public static readonly TalosType SystemInformation = new("hardware", "SystemInformations.hardware.talos.dev");

    /// <summary>System extensions of the running image.</summary>
    public static readonly TalosType ExtensionStatus = new("runtime", "ExtensionStatuses.runtime.talos.dev");

    /// <summary>Stage and readiness.</summary>
    public static readonly TalosType MachineStatus = new("runtime", "MachineStatuses.runtime.talos.dev");

    /// <summary>Secure Boot and how the node was booted.</summary>
    public static readonly TalosType SecurityState = new("runtime", "SecurityStates.talos.dev");

    /// <summary>The UKI that was booted; 1.11 and later.</summary>
    public static readonly TalosType BootedEntry = new("runtime", "BootedEntries.talos.dev");

    /// <summary>The kernel's command line; 1.11 and later.</summary>
    public static readonly TalosType KernelCommandLine = new("runtime", "KernelCmdlines.runtime.talos.dev");

    /// <summary>The disk that Talos is installed on.</summary>
    public static readonly TalosType SystemDisk = new("runtime", "SystemDisks.block.talos.dev");

    /// <summary>Disks and partitions.</summary>
    public static readonly TalosType DiscoveredVolume = new("runtime", "DiscoveredVolumes.block.talos.dev");

    /// <summary>The volumes that Talos manages.</summary>
    public static readonly TalosType VolumeStatus = new("runtime", "VolumeStatuses.block.talos.dev");

    /// <summary>Configurations of extension services. Not marked sensitive by Talos, though they hold keys.</summary>
    public static readonly TalosType ExtensionServiceConfig = new(
        "runtime",
        "ExtensionServiceConfigs.runtime.talos.dev"
    );

    /// <summary>Problems that the node sees by itself.</summary>
    public static readonly TalosType Diagnostic = new("runtime", "Diagnostics.runtime.talos.dev");

    /// <summary>The name of the Kubernetes node.</summary>
    public static readonly TalosType Nodename = new("k8s", "Nodenames.kubernetes.talos.dev");

    /// <summary>The addresses that the kubelet reports.</summary>
    public static readonly TalosType NodeIP = new("k8s", "NodeIPs.kubernetes.talos.dev");

    /// <summary>What Kubernetes says of the node.</summary>
    public static readonly TalosType NodeStatus = new("k8s", "NodeStatuses.kubernetes.talos.dev");

    /// <summary>The host name.</summary>
    public static readonly TalosType HostnameStatus = new("network", "HostnameStatuses.net.talos.dev");

    /// <summary>Addresses in several views.</summary>
    public static readonly TalosType NodeAddress = new("network", "NodeAddresses.net.talos.dev");

    /// <summary>Network links.</summary>
    public static readonly TalosType LinkStatus = new("network", "LinkStatuses.net.talos.dev");

    /// <summary>Routes of all tables.</summary>
    public static readonly TalosType RouteStatus = new("network", "RouteStatuses.net.talos.dev");

    /// <summary>Addresses, each with its link.</summary>
    public static readonly TalosType AddressStatus = new("network", "AddressStatuses.net.talos.dev");

    /// <summary>DNS servers and search domains.</summary>
    public static readonly TalosType ResolverStatus = new("network", "ResolverStatuses.net.talos.dev");

    /// <summary>Members of the cluster.</summary>
    public static readonly TalosType Member = new("cluster", "Members.cluster.talos.dev");

    /// <summary>Who this machine is.</summary>
    public static readonly TalosType Identity = new("cluster", "Identities.cluster.talos.dev");

    /// <summary>The cluster's name.</summary>
    public static readonly TalosType ClusterInfo = new("cluster", "Infos.cluster.talos.dev");

    /// <summary>What etcd advertises.</summary>
    public static readonly TalosType EtcdSpec = new("etcd", "EtcdSpecs.etcd.talos.dev");

    /// <summary>The local etcd member's id.</summary>
    public static readonly TalosType EtcdMember = new("etcd", "EtcdMembers.etcd.talos.dev");

    /// <summary>The types that a node knows.</summary>
    public static readonly TalosType ResourceDefinition = new("meta", "ResourceDefinitions.meta.cosi.dev");

    /// <summary>Those above with the singular name that people type.</summary>
    internal static IReadOnlyList<(string Name, TalosType Type)> Known { get; } =
    [
        .. typeof(TalosTypes)
            .GetFields()
            .Where(field => field.FieldType == typeof(TalosType))
            .Select(field => (field.Name, (TalosType)field.GetValue(null)!)),
    ];
}
