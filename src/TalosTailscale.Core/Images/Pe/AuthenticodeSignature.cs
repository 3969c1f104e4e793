using System.Buffers.Binary;
using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Cms;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Core.Images.Pe;

/// <summary>
/// The signature of a PE file: CMS SignedData whose content is an SpcIndirectDataContent with the digest of the file
/// ("Windows Authenticode Portable Executable Signature Format").
/// </summary>
internal sealed class AuthenticodeSignature
{
    private const int MaxTable = 1024 * 1024;
    private const string SpcIndirectData = "1.3.6.1.4.1.311.2.1.4";

    private readonly X509Certificate _certificate;
    private readonly SignerInformation _signer;

    private AuthenticodeSignature(CmsSignedData signed, SignerInformation signer, X509Certificate certificate)
    {
        _signer = signer;
        _certificate = certificate;
        var content = ContentOf(signed);
        var digest = DigestInfo.GetInstance(content[1]);
        Digest = digest.Digest.GetOctets();
        Algorithm = NameOf(digest.DigestAlgorithm.Algorithm);
        Certificate = certificate.GetEncoded();
        Certificates = [.. signed.GetCertificates().EnumerateMatches(null).Select(c => c.GetEncoded())];
        Signer = new UkiSigner
        {
            Subject = PrintableText.Clean(certificate.SubjectDN.ToString(true, X509Name.RFC2253Symbols)),
            Issuer = PrintableText.Clean(certificate.IssuerDN.ToString(true, X509Name.RFC2253Symbols)),
            Sha256 = Convert.ToHexString(SHA256.HashData(Certificate)).ToLowerInvariant(),
            NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime()),
            NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime()),
        };
    }

    /// <summary>The digest that the file must have.</summary>
    public byte[] Digest { get; }

    /// <summary>The hash of that digest.</summary>
    public HashAlgorithmName Algorithm { get; }

    /// <summary>The signer's certificate, DER.</summary>
    public byte[] Certificate { get; }

    /// <summary>All certificates in the signature, DER.</summary>
    public IReadOnlyList<byte[]> Certificates { get; }

    /// <summary>What that certificate says.</summary>
    public UkiSigner Signer { get; }

    /// <summary>Whether the CMS signature is that of <see cref="Certificate"/> over the content.</summary>
    /// <returns>False also where the signature uses something that cannot be verified.</returns>
    public bool VerifyCms()
    {
        try
        {
            // The validity of the certificate is not looked at, as the firmware does not: the key alone is taken.
            return SignerKey.TryGet(_certificate) is { } key && _signer.Verify(key);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // BouncyCastle answers keys and parameters that make no sense with exceptions of many types.
            return false;
        }
    }

    /// <summary>Reads the first PKCS#7 entry of the certificate table; null where there is none.</summary>
    /// <exception cref="FormatException">The entry is not what it should be.</exception>
    public static async Task<AuthenticodeSignature?> ReadAsync(
        RandomReader file,
        PeImage image,
        CancellationToken cancellationToken
    )
    {
        if (image.Certificates.Length == 0)
            return null;
        if (image.Certificates.Length > MaxTable)
            throw new FormatException($"the certificate table is {image.Certificates.Length} bytes");
        var table = await file.ReadAsync(
                image.Certificates.Offset,
                (int)image.Certificates.Length,
                "the certificate table",
                cancellationToken
            )
            .ConfigureAwait(false);
        for (var at = 0; at <= table.Length - 8; )
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(at));
            var type = BinaryPrimitives.ReadUInt16LittleEndian(table.AsSpan(at + 6));
            if (length < 8 || length > table.Length - at)
                throw new FormatException("an entry of the table is cut off");
            if (type == 2)
                return Parse(table.AsSpan(at + 8, (int)length - 8).ToArray());
            at = (int)Math.Min(table.Length, at + ((length + 7) & ~7u));
        }

        throw new FormatException("the certificate table holds no PKCS#7 signature");
    }

    private static AuthenticodeSignature Parse(byte[] der)
    {
        try
        {
            // Behind the structure there may be padding up to 8 bytes, which a parser of exact DER would refuse.
            using var input = new Asn1InputStream(der);
            var signed = new CmsSignedData(Org.BouncyCastle.Asn1.Cms.ContentInfo.GetInstance(input.ReadObject()));
            if (signed.SignedContentType?.Id != SpcIndirectData)
                throw new FormatException("the signature is not one of a PE file");
            var signer = signed.GetSignerInfos().GetSigners().FirstOrDefault()
                ?? throw new FormatException("the signature has no signer");
            var certificate = signed.GetCertificates().EnumerateMatches(signer.SignerID).FirstOrDefault()
                ?? throw new FormatException("the signer's certificate is not in the signature");
            return new AuthenticodeSignature(signed, signer, certificate);
        }
        catch (Exception e) when (e is not FormatException and not OutOfMemoryException)
        {
            // BouncyCastle answers malformed ASN.1 with IOException, ArgumentException, InvalidCastException and others.
            throw new FormatException($"the signature cannot be parsed: {e.Message}", e);
        }
    }

    private static Asn1Sequence ContentOf(CmsSignedData signed)
    {
        var inner = Org.BouncyCastle.Asn1.Cms.SignedData.GetInstance(signed.ContentInfo.Content);
        return Asn1Sequence.GetInstance(inner.EncapContentInfo.Content);
    }

    private static HashAlgorithmName NameOf(DerObjectIdentifier algorithm) =>
        algorithm.Equals(NistObjectIdentifiers.IdSha256) ? HashAlgorithmName.SHA256
        : algorithm.Equals(NistObjectIdentifiers.IdSha384) ? HashAlgorithmName.SHA384
        : algorithm.Equals(NistObjectIdentifiers.IdSha512) ? HashAlgorithmName.SHA512
        : throw new FormatException($"the digest algorithm {algorithm.Id} is not SHA-256, SHA-384 or SHA-512");
}
