namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What the gates of a swap need to know of a node. Null where it could not be read.</summary>
public sealed record SwapNodeFacts
{
    /// <summary>The node's name, for messages and results.</summary>
    public required string Node { get; init; }

    /// <summary>Processor architecture.</summary>
    public TalosArchitecture Architecture { get; init; }

    /// <summary>The running Talos version with the leading <c>v</c>.</summary>
    public string? TalosVersion { get; init; }

    /// <summary>MachineStatus stage.</summary>
    public string? Stage { get; init; }

    /// <summary>SecurityState: booted from a UKI.</summary>
    public bool? BootedWithUki { get; init; }

    /// <summary>SecurityState: firmware enforces signatures.</summary>
    public bool? SecureBoot { get; init; }

    /// <summary>SecurityState: fingerprint of the PCR signing key; empty when booted without one.</summary>
    public string? PcrKeyFingerprint { get; init; }

    /// <summary>BootedEntry: the id of the entry, in whatever case.</summary>
    public string? BootedEntry { get; init; }

    /// <summary>The running kernel's command line.</summary>
    public string? KernelCommandLine { get; init; }

    /// <summary>The loader variables and <c>loader.conf</c>; null when the variables could not be read.</summary>
    public LoaderState? Variables { get; init; }

    /// <summary>Names of the running extensions, the schematic pseudo extension left out.</summary>
    public IReadOnlyList<string>? Extensions { get; init; }

    /// <summary>The running schematic id.</summary>
    public string? SchematicId { get; init; }

    /// <summary>Ids of volumes that are unlocked by the TPM.</summary>
    public IReadOnlyList<string>? SealedVolumes { get; init; }

    /// <summary>The ExtensionServiceConfig <c>tailscale</c> is in the active configuration.</summary>
    public bool? ServiceConfigActive { get; init; }

    /// <summary>The ExtensionServiceConfig <c>tailscale</c> is in the configuration on disk.</summary>
    public bool? ServiceConfigPersistent { get; init; }

    /// <summary><c>machine.kubelet.nodeIP.validSubnets</c> is set.</summary>
    public bool? NodeSubnets { get; init; }

    /// <summary><c>cluster.etcd.advertisedSubnets</c> is set.</summary>
    public bool? EtcdSubnets { get; init; }

    /// <summary>Whether the node is a control plane.</summary>
    public bool? IsControlPlane { get; init; }

    /// <summary>How many voting members etcd has.</summary>
    public int? EtcdMembers { get; init; }

    /// <summary>How many of the other voting members are healthy.</summary>
    public int? OtherHealthyMembers { get; init; }

    /// <summary>How many other control planes are Ready.</summary>
    public int? OtherReadyControlPlanes { get; init; }

    /// <summary>The boot id.</summary>
    public string? BootId { get; init; }

    /// <summary>What could not be read, by its name, and why, with the role that is missing where that is the reason.</summary>
    public IReadOnlyDictionary<string, string> Unread { get; init; } = new Dictionary<string, string>();

    /// <summary>When the boot began.</summary>
    public DateTimeOffset? BootTime { get; init; }
}
