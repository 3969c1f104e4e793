using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images;

/// <summary>What <see cref="UkiReader"/> looks at, and by which names the result is known.</summary>
public sealed record UkiReadOptions
{
    /// <summary>The path of the file that holds the UKI; also its name in messages. Null for a bare stream.</summary>
    public string? Path { get; init; }

    /// <summary>The path inside an image; null where the file is the UKI.</summary>
    public string? Location { get; init; }

    /// <summary>What holds the UKI.</summary>
    public UkiContainer Container { get; init; }

    /// <summary>Reads every byte: SHA-256 of the UKI and whether the signature holds. On by default.</summary>
    public bool Hash { get; init; } = true;

    /// <summary>Looks into the initrd for extensions. On by default; costs nothing that grows with the UKI.</summary>
    public bool Extensions { get; init; } = true;

    /// <summary>SHA-256 of each section as well. Needs <see cref="Hash"/>.</summary>
    public bool SectionHashes { get; init; }

    /// <summary>
    /// Certificates (DER) that the signer must be one of or descend from for <see cref="UkiInfo.SignerTrusted"/>. Empty
    /// leaves that open. Needs <see cref="Hash"/>.
    /// </summary>
    public IReadOnlyList<byte[]> TrustedCertificates { get; init; } = [];

    /// <summary>Told how far the hashing has come, which reads the whole UKI.</summary>
    public IReporter Reporter { get; init; } = SilentReporter.Instance;
}
