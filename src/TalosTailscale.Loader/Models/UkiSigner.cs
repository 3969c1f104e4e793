namespace TalosTailscale;

/// <summary>The certificate that signed a UKI.</summary>
public sealed record UkiSigner
{
    /// <summary>Subject in RFC 2253 form (<c>CN=…,O=…</c>).</summary>
    public required string Subject { get; init; }

    /// <summary>Issuer in RFC 2253 form.</summary>
    public string? Issuer { get; init; }

    /// <summary>SHA-256 of the certificate (DER), 64 lower case digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Start of the validity. Firmware does not look at it.</summary>
    public DateTimeOffset NotBefore { get; init; }

    /// <summary>End of the validity. Firmware does not look at it.</summary>
    public DateTimeOffset NotAfter { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Subject;
}
