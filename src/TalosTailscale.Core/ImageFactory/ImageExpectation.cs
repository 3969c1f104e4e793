namespace TalosTailscale.Core.ImageFactory;

/// <summary>What an image has to be. What is null or empty is not checked.</summary>
public sealed record ImageExpectation
{
    /// <summary>UKI or ISO.</summary>
    public required TalosImageKind Kind { get; init; }

    /// <summary>Talos version with its <c>v</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Architecture.</summary>
    public required TalosArchitecture Architecture { get; init; }

    /// <summary>With or without Secure Boot signatures.</summary>
    public UkiVariant Variant { get; init; }

    /// <summary>Id of the schematic that it was built from.</summary>
    public required string SchematicId { get; init; }

    /// <summary>Extensions that it has to have, by official or by plain name.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>SHA-256 of the certificate that has to have signed it, lower case; null accepts any, and none.</summary>
    public string? SignerSha256 { get; init; }

    /// <summary>The PCR signing key as SecurityState has it; null or empty accepts any. Disks sealed to it open with no other.</summary>
    public string? PcrKeyFingerprint { get; init; }
}
