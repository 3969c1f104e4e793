namespace TalosTailscale.Core.Boot;

/// <summary>What a swap refuses; one for each <see cref="UkiSwapGate"/>.</summary>
public static class SwapErrors
{
    /// <summary>Several UKIs in one source.</summary>
    public static readonly TsError SourceAmbiguous = new(
        "SwapSourceAmbiguous",
        TsErrorCategory.InvalidArgument,
        "The source of a swap holds more than one UKI.",
        "Take the one that is meant out with 'Export-Uki -Location' and give its file."
    );

    /// <summary>A gate that nothing skips.</summary>
    public static readonly TsError GateNotSkippable = new(
        "GateNotSkippable",
        TsErrorCategory.InvalidArgument,
        "-SkipGate names a gate that cannot be skipped.",
        "Leave it out: get an image that passes the gate, or make room. Complete, Architecture, HaltFlag, WipeFlag and Space are never overridden."
    );

    /// <summary>A gate whose fact is missing.</summary>
    public static readonly TsError GateUnknown = new(
        "GateUnknown",
        TsErrorCategory.SecurityError,
        "A gate could not be judged: a fact that it needs could not be read.",
        "Use a talosconfig with the role os:admin, or name the gate with -SkipGate to go on without knowing."
    );

    /// <summary>A section is missing.</summary>
    public static readonly TsError UkiIncomplete = new(
        "UkiIncomplete",
        TsErrorCategory.InvalidData,
        "The UKI lacks a section without which it does not boot.",
        "Get a complete image, for example with 'Save-TalosImage -Kind Uki'."
    );

    /// <summary>Another architecture.</summary>
    public static readonly TsError UkiArchitectureMismatch = new(
        "UkiArchitectureMismatch",
        TsErrorCategory.SecurityError,
        "The UKI is for another processor architecture than the node's.",
        "Get the image for the node's architecture, for example with 'Save-TalosImage -Node <node> -Kind Uki'."
    );

    /// <summary>An installer image: the node would stop at boot.</summary>
    public static readonly TsError UkiHaltsIfInstalled = new(
        "UkiHaltsIfInstalled",
        TsErrorCategory.SecurityError,
        "The UKI's command line has talos.halt_if_installed: it is from an installer ISO, and an installed node stops at boot with it.",
        "Use the factory's UKI instead: 'Save-TalosImage -Node <node> -Kind Uki'; or, with Secure Boot off, convert it by 'Export-Uki -ForInstalledSystem'."
    );

    /// <summary>The main entry wipes the disk.</summary>
    public static readonly TsError UkiWipesDisk = new(
        "UkiWipesDisk",
        TsErrorCategory.SecurityError,
        "The UKI's main command line has talos.experimental.wipe: booting it wipes partitions of the node.",
        "Use the factory's UKI instead: 'Save-TalosImage -Node <node> -Kind Uki'."
    );

    /// <summary>Another version of Talos.</summary>
    public static readonly TsError UkiVersionMismatch = new(
        "UkiVersionMismatch",
        TsErrorCategory.SecurityError,
        "The UKI is of another Talos version than the one that runs on the node.",
        "Get the image of the running version; to change the version use Update-TalosNode."
    );

    /// <summary>An entry that resets the disk.</summary>
    public static readonly TsError UkiHasResetProfile = new(
        "UkiHasResetProfile",
        TsErrorCategory.SecurityError,
        "The UKI has a boot menu entry that resets the system disk.",
        "Use the factory's UKI ('Save-TalosImage -Kind Uki'), which has the main entry only."
    );

    /// <summary>The other variant.</summary>
    public static readonly TsError UkiVariantMismatch = new(
        "UkiVariantMismatch",
        TsErrorCategory.SecurityError,
        "The UKI is of the other variant (with or without SecureBoot) than what runs on the node.",
        "Get the variant that runs now: 'Save-TalosImage -Node' takes it by itself, and '-SecureBoot' is the signed one."
    );

    /// <summary>Signed by somebody else, or not at all, or damaged.</summary>
    public static readonly TsError UkiSignerMismatch = new(
        "UkiSignerMismatch",
        TsErrorCategory.SecurityError,
        "The UKI's signature is broken, or firmware that enforces signatures would not take it.",
        "Get the image from the same Image Factory as the one that is installed."
    );

    /// <summary>Sealed volumes would stay locked.</summary>
    public static readonly TsError UkiPcrKeyMismatch = new(
        "UkiPcrKeyMismatch",
        TsErrorCategory.SecurityError,
        "Volumes are sealed to the TPM under another PCR signing key than the UKI's, and would stay locked.",
        "Get the image from the same Image Factory, or add another key slot to the encrypted volumes first."
    );

    /// <summary>Extensions would be lost.</summary>
    public static readonly TsError UkiExtensionsLost = new(
        "UkiExtensionsLost",
        TsErrorCategory.SecurityError,
        "System extensions that run on the node are missing from the UKI.",
        "Make a schematic with all of them ('New-TalosSchematic -Extension …') and download its UKI."
    );

    /// <summary>No tailscale.</summary>
    public static readonly TsError UkiWithoutTailscale = new(
        "UkiWithoutTailscale",
        TsErrorCategory.SecurityError,
        "The UKI does not carry the tailscale extension.",
        "Make a schematic with siderolabs/tailscale ('New-TalosSchematic') and download its UKI."
    );

    /// <summary>The extension would wait for its configuration.</summary>
    public static readonly TsError ServiceConfigMissing = new(
        "ServiceConfigMissing",
        TsErrorCategory.SecurityError,
        "The machine configuration has no ExtensionServiceConfig 'tailscale', and the service would keep the boot waiting for it.",
        "Apply it first: 'New-TsExtensionServiceConfig … | Set-TalosMachinePatch'."
    );

    /// <summary>Addresses are not pinned.</summary>
    public static readonly TsError NodeSubnetsMissing = new(
        "NodeSubnetsMissing",
        TsErrorCategory.SecurityError,
        "Node address or etcd peer address are not pinned to subnets, and a 100.64.0.0/10 address is about to appear.",
        "Set what the gate names to the local network with Set-TalosMachinePatch: machine.kubelet.nodeIP.validSubnets (or KubeNodeConfig nodeIP.validSubnets, where the node has that document), and on control planes cluster.etcd.advertisedSubnets."
    );

    /// <summary>The node is not up.</summary>
    public static readonly TsError NodeNotRunning = new(
        "NodeNotRunning",
        TsErrorCategory.InvalidOperation,
        "The node is not in the stage 'running'.",
        "Wait until it is up ('Wait-TalosNode'); during an upgrade or installation the partition is not ours."
    );

    /// <summary>Not booted from a UKI.</summary>
    public static readonly TsError NodeNotUkiBooted = new(
        "NodeNotUkiBooted",
        TsErrorCategory.InvalidOperation,
        "The node was not booted from a UKI by systemd-boot.",
        "Use Update-TalosNode for this node."
    );

    /// <summary>Something else would boot.</summary>
    public static readonly TsError NextBootIsAnother = new(
        "NextBootIsAnother",
        TsErrorCategory.SecurityError,
        "The entry that is booted now is not on the partition, or is not what boots next.",
        "Look at 'Get-TalosEsp' for what names the other entry; a ~N file of a failed upgrade is taken with -Promote."
    );

    /// <summary>etcd would lose quorum.</summary>
    public static readonly TsError QuorumAtRisk = new(
        "QuorumAtRisk",
        TsErrorCategory.SecurityError,
        "etcd has no quorum while this node reboots.",
        "Bring the other control planes up first, or leave out -Reboot and restart the node later (Restart-TalosNode -Mode PowerCycle); "
            + "'-SkipGate Quorum' accepts the loss of the quorum."
    );

    /// <summary>The last Ready control plane.</summary>
    public static readonly TsError LastControlPlane = new(
        "LastControlPlane",
        TsErrorCategory.SecurityError,
        "No other control plane is Ready.",
        "Bring another control plane up first, or accept the outage with -SkipGate ControlPlane, Quorum."
    );
}
