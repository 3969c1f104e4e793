namespace TalosTailscale.Lab;

/// <summary>What a UKI is to hold.</summary>
/// <param name="TalosVersion">With the leading <c>v</c>.</param>
/// <param name="Architecture">The processor architecture.</param>
/// <param name="Extensions">Official extensions (<c>siderolabs/tailscale</c>), in the schematic's order.</param>
/// <param name="SecureBoot">Whether it is the signed <c>-secureboot</c> image.</param>
/// <param name="HaltIfInstalled">Whether it is the UKI of an installer ISO.</param>
public sealed record LabUkiRequest(
    string TalosVersion,
    TalosArchitecture Architecture,
    IReadOnlyList<string> Extensions,
    bool SecureBoot,
    bool HaltIfInstalled
);

/// <summary>Makes the UKIs that nodes boot.</summary>
public interface ILabUkiMaker
{
    /// <summary>Writes a UKI file.</summary>
    /// <param name="request">What it is to hold.</param>
    /// <param name="path">The file, made or overwritten.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>When the file is there.</returns>
    Task WriteUkiAsync(LabUkiRequest request, string path, CancellationToken cancellationToken);
}

/// <summary>An image that a node's containerd has pulled.</summary>
/// <param name="Digest">Digest of its manifest or index (<c>sha256:…</c>).</param>
/// <param name="Size">Sum of its layers, in bytes.</param>
public sealed record LabImage(string Digest, long Size);

/// <summary>The registries that nodes pull from, by the host in the reference; those the lab does not play are unknown hosts.</summary>
public interface ILabImageRegistry
{
    /// <summary>Whether the lab plays this registry.</summary>
    /// <param name="host">The host of a reference, with its port if it has one.</param>
    /// <returns>True if it does.</returns>
    bool HasHost(string host);

    /// <summary>Pulls an image by real requests to the lab's registry.</summary>
    /// <param name="reference">The full reference.</param>
    /// <param name="architecture">The node's architecture.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The image; null when the registry does not have it.</returns>
    Task<LabImage?> PullAsync(string reference, TalosArchitecture architecture, CancellationToken cancellationToken);

    /// <summary>Takes the UKI out of an installer image (<c>usr/install/ARCH/vmlinuz.efi</c>).</summary>
    /// <param name="reference">The full reference.</param>
    /// <param name="architecture">The node's architecture.</param>
    /// <param name="path">The file to write, made or overwritten.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>False when the image holds no UKI for the architecture.</returns>
    Task<bool> SaveInstallerUkiAsync(
        string reference,
        TalosArchitecture architecture,
        string path,
        CancellationToken cancellationToken
    );
}

/// <summary>What came of a node's log-in to the tailnet.</summary>
/// <param name="BackendState">tailscaled's state: <c>Running</c>, <c>NeedsLogin</c>, <c>NeedsMachineAuth</c>.</param>
/// <param name="Address">The node's IPv4 address in the tailnet, when it has one.</param>
/// <param name="Error">What the control plane said, for the log, when it refused.</param>
public sealed record LabTailnetLogin(string BackendState, string? Address, string? Error);

/// <summary>The tailnet that nodes join.</summary>
public interface ILabTailnet
{
    /// <summary>Logs a node in, as <c>containerboot</c> does at every start of the extension.</summary>
    /// <param name="node">The node.</param>
    /// <param name="environment">The environment of its ExtensionServiceConfig (<c>TS_AUTHKEY</c> …).</param>
    /// <returns>What came of it.</returns>
    LabTailnetLogin Login(LabNode node, IReadOnlyDictionary<string, string> environment);

    /// <summary>The node's tailscaled has stopped; the device stays known and goes offline.</summary>
    /// <param name="node">The node.</param>
    void Disconnect(LabNode node);
}

/// <summary>The Kubernetes side, as the Talos side needs it.</summary>
public interface ILabKubernetes
{
    /// <summary>A kubeconfig with an administrator's certificate, as <c>talosctl kubeconfig</c> gets it.</summary>
    string AdminKubeconfig { get; }
}
