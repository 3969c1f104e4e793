namespace TalosTailscale.Lab.Images;

/// <summary>A system extension as a layer of the initrd: random bytes for the squashfs, real metadata.</summary>
/// <param name="Name">The name in the metadata (<c>tailscale</c>); the official name is <c>siderolabs/</c> and this.</param>
/// <param name="Version">Version of the extension.</param>
/// <param name="Author">Author.</param>
/// <param name="Description">Description, one line.</param>
/// <param name="TalosVersion">The compatibility constraint (<c>&gt;= v1.5.0</c>).</param>
public sealed record LabLayer(string Name, string Version, string Author, string Description, string TalosVersion)
{
    /// <summary>The tailscale extension as published with Talos 1.12.4.</summary>
    public static LabLayer Tailscale { get; } =
        new("tailscale", "1.94.1", "Beau Trepp", "[extra] Tailscale mesh network on the node.", ">= v1.5.0");

    /// <summary>The iscsi-tools extension.</summary>
    public static LabLayer IscsiTools { get; } =
        new("iscsi-tools", "v0.2.0", "Sidero Labs", "[core] This system extension provides iscsi-tools.", ">= v1.2.0");

    /// <summary>The util-linux-tools extension.</summary>
    public static LabLayer UtilLinuxTools { get; } =
        new("util-linux-tools", "2.41.2", "Sidero Labs", "[core] util-linux on the node.", ">= v1.2.0");

    /// <summary>The qemu-guest-agent extension.</summary>
    public static LabLayer QemuGuestAgent { get; } =
        new("qemu-guest-agent", "10.2.0", "Markus Reiter", "[extra] The QEMU guest agent.", ">= v1.0.0");

    /// <summary>Every extension that the lab knows, by name.</summary>
    public static IReadOnlyList<LabLayer> All { get; } = [IscsiTools, QemuGuestAgent, Tailscale, UtilLinuxTools];

    /// <summary>Finds a layer by the official name of its extension.</summary>
    /// <param name="name">For instance <c>siderolabs/tailscale</c>.</param>
    /// <returns>The layer.</returns>
    /// <exception cref="ArgumentException">The lab has no such extension.</exception>
    public static LabLayer Official(string name) =>
        All.FirstOrDefault(l => l.OfficialName == name)
        ?? throw new ArgumentException($"The lab has no extension '{name}'.", nameof(name));

    /// <summary>The name by which schematics ask for it.</summary>
    public string OfficialName => "siderolabs/" + Name;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
