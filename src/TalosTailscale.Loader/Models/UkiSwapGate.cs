namespace TalosTailscale;

/// <summary>A condition that is checked before a UKI is swapped. Values are the names that <c>-SkipGate</c> takes.</summary>
public enum UkiSwapGate
{
    /// <summary>The UKI is complete: kernel, initrd and os-release are there. Cannot be skipped.</summary>
    Complete,

    /// <summary>The UKI's architecture is the node's. Cannot be skipped.</summary>
    Architecture,

    /// <summary>The UKI does not stop on an installed system (<c>talos.halt_if_installed</c>). Cannot be skipped.</summary>
    HaltFlag,

    /// <summary>The UKI's main entry wipes nothing (<c>talos.experimental.wipe</c>). Cannot be skipped.</summary>
    WipeFlag,

    /// <summary>The new image and the backup fit on the partition. Cannot be skipped.</summary>
    Space,

    /// <summary>The UKI's Talos version is the one that runs.</summary>
    Version,

    /// <summary>The UKI has no entry that resets the system disk, which a slip of a key in the menu would start.</summary>
    ResetProfile,

    /// <summary>With or without SecureBoot as what runs now.</summary>
    Variant,

    /// <summary>The signature is whole and by the signer of the image that boots now.</summary>
    Signer,

    /// <summary>The PCR signing key is the one that sealed volumes are bound to.</summary>
    PcrKey,

    /// <summary>No system extension that runs now is missing from the UKI.</summary>
    Extensions,

    /// <summary>The UKI carries the tailscale extension.</summary>
    Tailscale,

    /// <summary>The machine configuration has the ExtensionServiceConfig without which the extension keeps boot waiting.</summary>
    ServiceConfig,

    /// <summary>The node's address and etcd's are pinned to subnets, so that a tailnet address does not replace them.</summary>
    Subnets,

    /// <summary>tailscaled leaves the LAN alone where that lies in the range of tailnets.</summary>
    LanInTailnetRange,

    /// <summary>The node is up: stage running.</summary>
    Stage,

    /// <summary>The node was booted from a UKI by systemd-boot.</summary>
    UkiBoot,

    /// <summary>The booted entry is on the partition, and it is what boots next.</summary>
    NextBoot,

    /// <summary>etcd has quorum without this node.</summary>
    Quorum,

    /// <summary>Another control plane is Ready.</summary>
    ControlPlane,
}
