using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What the gates of a swap need to know of a node.</summary>
public sealed record SwapNodeFacts
{
    /// <summary>The node's name, for messages and results.</summary>
    public required string Node { get; init; }

    /// <summary>Processor architecture.</summary>
    public Fact<TalosArchitecture> Architecture { get; init; }

    /// <summary>The running Talos version with the leading <c>v</c>.</summary>
    public Fact<string> TalosVersion { get; init; }

    /// <summary>MachineStatus stage.</summary>
    public Fact<string> Stage { get; init; }

    /// <summary>SecurityState: booted from a UKI.</summary>
    public Fact<bool> BootedWithUki { get; init; }

    /// <summary>SecurityState: firmware enforces signatures.</summary>
    public Fact<bool> SecureBoot { get; init; }

    /// <summary>SecurityState: fingerprint of the PCR signing key; empty when booted without one.</summary>
    public Fact<string> PcrKeyFingerprint { get; init; }

    /// <summary>The id of the entry that was booted, in whatever case: BootedEntry, or before Talos 1.11 the loader's own variable.</summary>
    public Fact<string> BootedEntry { get; init; }

    /// <summary>The running kernel's command line.</summary>
    public Fact<string> KernelCommandLine { get; init; }

    /// <summary>The loader variables, without <c>loader.conf</c>.</summary>
    public Fact<LoaderState> Variables { get; init; }

    /// <summary>Names of the running extensions, the schematic pseudo extension left out.</summary>
    public Fact<IReadOnlyList<string>> Extensions { get; init; }

    /// <summary>The running schematic id; empty where the image does not name one.</summary>
    public Fact<string> SchematicId { get; init; }

    /// <summary>Ids of volumes that are unlocked by the TPM.</summary>
    public Fact<IReadOnlyList<string>> SealedVolumes { get; init; }

    /// <summary>The ExtensionServiceConfig <c>tailscale</c> is in the active configuration.</summary>
    public Fact<bool> ServiceConfigActive { get; init; }

    /// <summary>The ExtensionServiceConfig <c>tailscale</c> is in the configuration on disk.</summary>
    public Fact<bool> ServiceConfigPersistent { get; init; }

    /// <summary>The configuration says from which networks the kubelet takes the node's address.</summary>
    public Fact<bool> NodeSubnets { get; init; }

    /// <summary>Where this node's configuration says so, or would.</summary>
    public string NodeSubnetsPlace { get; init; } = "machine.kubelet.nodeIP.validSubnets";

    /// <summary>The node's networks that lie in the range of tailnets, those on <c>tailscale0</c> not among them.</summary>
    public Fact<IReadOnlyList<string>> LansInTailnetRange { get; init; }

    /// <summary>The extension is configured to leave such networks alone.</summary>
    public Fact<bool> LeavesLan { get; init; }

    /// <summary><c>cluster.etcd.advertisedSubnets</c> is set.</summary>
    public Fact<bool> EtcdSubnets { get; init; }

    /// <summary>Whether the node is a control plane, by its own machine type.</summary>
    public Fact<bool> IsControlPlane { get; init; }

    /// <summary>Who votes in etcd; asked on control planes only.</summary>
    public Fact<EtcdVotes> Etcd { get; init; }

    /// <summary>How many other control planes there are; asked on control planes only.</summary>
    public Fact<int> OtherControlPlanes { get; init; }

    /// <summary>How many other control planes are Ready; asked on control planes only.</summary>
    public Fact<int> OtherReadyControlPlanes { get; init; }

    /// <summary>The boot id.</summary>
    public Fact<string> BootId { get; init; }
}
