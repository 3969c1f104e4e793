namespace TalosTailscale;

/// <summary>One of the Authenticode signatures of a UKI.</summary>
public sealed record UkiSignature
{
    /// <summary>What was found out about it.</summary>
    public UkiSignatureStatus Status { get; init; }

    /// <summary>The hash that the digest is made with (<c>SHA256</c>); null where the signature cannot be read.</summary>
    public string? HashAlgorithm { get; init; }

    /// <summary>The certificate that it was made with; null where the signature cannot be read.</summary>
    public UkiSigner? Signer { get; init; }

    /// <summary>
    /// Whether it holds and its signer is, or descends from, a certificate that was given as trusted; null when none was
    /// given or the UKI was not hashed.
    /// </summary>
    public bool? Trusted { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Status} ({Signer?.Subject ?? "no signer"})";
}
