namespace TalosTailscale;

/// <summary>
/// What a unified kernel image (UAPI.5) of Talos says about itself: read from its PE sections, its initrd and its
/// signature, without starting it.
/// </summary>
public sealed record UkiInfo
{
    /// <summary>The file name of the UKI itself (<c>Talos-v1.12.4.efi</c>), also where it lies inside an image.</summary>
    public required string Name { get; init; }

    /// <summary>The Talos version as <c>.osrel</c> has it, with the leading <c>v</c>; null where there is none.</summary>
    public string? Version { get; init; }

    /// <summary>Processor architecture, from the PE machine.</summary>
    public TalosArchitecture Architecture { get; init; }

    /// <summary>What the UKI was made for; <see cref="UkiKind.InstallerIso"/> must not lie on an installed disk.</summary>
    public UkiKind Kind { get; init; }

    /// <summary>With or without SecureBoot signatures.</summary>
    public UkiVariant Variant { get; init; }

    /// <summary>The absolute path of the file that holds it (<c>.efi</c>, <c>.iso</c>, disk); null for a bare stream.</summary>
    public string? Path { get; init; }

    /// <summary>Its path inside the image (<c>EFI/Linux/Talos-v1.12.4.efi</c>); null where the file is the UKI.</summary>
    public string? Location { get; init; }

    /// <summary>What holds the UKI.</summary>
    public UkiContainer Container { get; init; }

    /// <summary>True when systemd-boot would list a file of this name; false for backups (<c>.efi.bak.…</c>).</summary>
    public bool IsBootEntry { get; init; }

    /// <summary>The kernel release of <c>.uname</c> (<c>6.18.9-talos</c>); null where the section is missing.</summary>
    public string? KernelRelease { get; init; }

    /// <summary>The command line of the base profile: the first <c>.cmdline</c> before any <c>.profile</c>.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>
    /// True when the first <c>talos.halt_if_installed</c> of the entry that boots by default is true in the sense of Go's <c>strconv.ParseBool</c>: Talos
    /// then stops before it loads the configuration when it finds itself installed on the disk (siderolabs/talos,
    /// <c>haltIfInstalled</c>).
    /// </summary>
    public bool HaltsIfInstalled { get; init; }

    /// <summary>The boot menu entries of the UKI, in order; empty before Talos 1.10.</summary>
    public IReadOnlyList<UkiProfile> Profiles
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The system extensions in the initrd, in order, with the <c>schematic</c> pseudo extension.</summary>
    public IReadOnlyList<UkiExtension> Extensions
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>False when the initrd was not looked into, so that <see cref="Extensions"/> is empty for that reason.</summary>
    public bool ExtensionsRead { get; init; }

    /// <summary>The Image Factory schematic id, 64 hexadecimal digits; null where no extension layer names one.</summary>
    public string? SchematicId { get; init; }

    /// <summary>The schematic as the Image Factory wrote it down; null where it is not in the image.</summary>
    public string? SchematicYaml { get; init; }

    /// <summary>True when the PE certificate table holds a signature, whatever it is worth.</summary>
    public bool Signed { get; init; }

    /// <summary>
    /// What the firmware makes of all signatures: <see cref="UkiSignatureStatus.Valid"/> where one of them holds and
    /// their table is whole; <see cref="UkiSignatureStatus.NotChecked"/> without hashing.
    /// </summary>
    public UkiSignatureStatus SignatureStatus { get; init; }

    /// <summary>The signatures in the order of the table, with a verdict each; nested ones are not looked at, as firmware does not.</summary>
    public IReadOnlyList<UkiSignature> Signatures
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The certificate behind the first signature that holds, else behind the first; null when not signed.</summary>
    public UkiSigner? Signer { get; init; }

    /// <summary>
    /// Whether the signature holds and its signer is one of the certificates that were given as trusted, or descends from
    /// one; null when none was given or the UKI was not hashed.
    /// </summary>
    public bool? SignerTrusted { get; init; }

    /// <summary>
    /// SHA-256 over the public key (PKIX DER) of <c>.pcrpkey</c>, upper case with colons, as Talos prints it in
    /// <c>SecurityState.pcrSigningKeyFingerprint</c>; null where the section is missing.
    /// </summary>
    public string? PcrKeyFingerprint { get; init; }

    /// <summary>True when the base profile has signed PCR policies (<c>.pcrsig</c>).</summary>
    public bool HasPcrSignature { get; init; }

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>SHA-256 of the whole UKI, 64 lower case digits; null when it was not hashed.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The PE sections in the order of the section table.</summary>
    public IReadOnlyList<UkiSection> Sections
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Whether the UKI carries an extension of this name, compared without regard to case.</summary>
    /// <param name="name">The metadata name, <c>tailscale</c>; an owner as in <c>siderolabs/tailscale</c> is left out.</param>
    /// <returns>True when one is there.</returns>
    public bool HasExtension(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var bare = name[(name.LastIndexOf('/') + 1)..];
        return Extensions.Any(e => string.Equals(e.Name, bare, StringComparison.OrdinalIgnoreCase));
    }

    /// <inheritdoc/>
    public override string ToString() => Location is null ? Path ?? Name : $"{Path ?? Name}:{Location}";
}
