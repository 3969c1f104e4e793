namespace TalosTailscale.Core.Images.Pe;

/// <summary>
/// What each signature of a UKI is worth, and what they are worth together: the firmware takes an image as soon as one
/// signature holds and leads to a certificate that it trusts (edk2, DxeImageVerificationHandler).
/// </summary>
internal static class SignatureJudge
{
    /// <summary>A verdict for each signature in the table.</summary>
    /// <param name="table">The table; null where there is none.</param>
    /// <param name="hashes">The hashes of the file; null leaves the verdicts open.</param>
    /// <param name="trusted">Certificates that a signer may be or descend from, DER; none leaves that open.</param>
    /// <returns>As many as there are signatures.</returns>
    public static IReadOnlyList<UkiSignature> Judge(
        CertificateTable? table,
        PeHashes? hashes,
        IReadOnlyList<byte[]> trusted
    ) => table is null ? [] : [.. table.Signatures.Select(s => JudgeOne(s, hashes, trusted))];

    /// <summary>The verdict on the image.</summary>
    public static UkiSignatureStatus Sum(CertificateTable? table, IReadOnlyList<UkiSignature> signatures)
    {
        if (table is null)
            return UkiSignatureStatus.NotSigned;
        // One that cannot be parsed is not passed over where the firmware has a list of revoked certificates (dbx).
        if (!table.IsWhole || table.Signatures.Contains(null))
            return UkiSignatureStatus.Invalid;
        UkiSignatureStatus[] best =
        [
            UkiSignatureStatus.Valid,
            UkiSignatureStatus.NotChecked,
            UkiSignatureStatus.DigestMismatch,
        ];
        return best.Where(status => signatures.Any(s => s.Status == status)).FirstOrDefault(UkiSignatureStatus.Invalid);
    }

    /// <summary>The signer that counts: that of a signature that holds, else the first that can be read.</summary>
    public static UkiSigner? SignerOf(IReadOnlyList<UkiSignature> signatures) =>
        (
            signatures.FirstOrDefault(s => s.Status == UkiSignatureStatus.Valid)
            ?? signatures.FirstOrDefault(s => s.Signer is not null)
        )?.Signer;

    private static UkiSignature JudgeOne(
        AuthenticodeSignature? signature,
        PeHashes? hashes,
        IReadOnlyList<byte[]> trusted
    )
    {
        if (signature is null)
            return new UkiSignature { Status = UkiSignatureStatus.Invalid };
        var status = hashes is null ? UkiSignatureStatus.NotChecked : StatusOf(signature, hashes);
        return new UkiSignature
        {
            Status = status,
            HashAlgorithm = signature.Algorithm.Name,
            Signer = signature.Signer,
            Trusted =
                trusted.Count == 0 || hashes is null
                    ? null
                    : status == UkiSignatureStatus.Valid
                        && SignerChain.EndsIn(signature.Certificate, signature.Certificates, trusted),
        };
    }

    private static UkiSignatureStatus StatusOf(AuthenticodeSignature signature, PeHashes hashes)
    {
        if (!signature.VerifyCms())
            return UkiSignatureStatus.Invalid;
        return
            hashes.Authenticode.TryGetValue(signature.Algorithm, out var digest)
            && digest.AsSpan().SequenceEqual(signature.Digest)
            ? UkiSignatureStatus.Valid
            : UkiSignatureStatus.DigestMismatch;
    }
}
