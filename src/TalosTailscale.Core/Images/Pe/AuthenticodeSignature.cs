using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Cms;
using Org.BouncyCastle.X509;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Pe;

/// <summary>
/// The signature of a PE file: CMS SignedData whose content is an SpcIndirectDataContent with the digest of the file
/// ("Windows Authenticode Portable Executable Signature Format").
/// </summary>
internal sealed class AuthenticodeSignature
{
    private const int MaxSigners = 4;
    private const string SpcIndirectData = "1.3.6.1.4.1.311.2.1.4";

    private readonly List<(SignerInformation Signer, X509Certificate Certificate)> _signers;

    private AuthenticodeSignature(CmsSignedData signed, List<(SignerInformation, X509Certificate)> signers)
    {
        _signers = signers;
        var certificate = signers[0].Item2;
        var content = ContentOf(signed);
        var digest = DigestInfo.GetInstance(content[1]);
        Digest = digest.Digest.GetOctets();
        Algorithm = NameOf(digest.DigestAlgorithm.Algorithm);
        Certificate = certificate.GetEncoded();
        Certificates = [.. signed.GetCertificates().EnumerateMatches(null).Select(c => c.GetEncoded())];
        Signer = new UkiSigner
        {
            Subject = PrintableText.Line(certificate.SubjectDN.ToString(true, X509Name.RFC2253Symbols)),
            Issuer = PrintableText.Line(certificate.IssuerDN.ToString(true, X509Name.RFC2253Symbols)),
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

    /// <summary>Whether the CMS signature is that of <see cref="Certificate"/>, and of each further signer, over the content.</summary>
    /// <returns>False also where the signature uses something that cannot be verified.</returns>
    public bool VerifyCms()
    {
        try
        {
            // The validity of the certificate is not looked at, as the firmware does not: the key alone is taken.
            return _signers.All(s => SignerKey.TryGet(s.Certificate) is { } key && s.Signer.Verify(key));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // BouncyCastle answers keys and parameters that make no sense with exceptions of many types.
            return false;
        }
    }

    /// <summary>Parses the content of an entry of the certificate table; null where it is not what it should be.</summary>
    public static AuthenticodeSignature? TryParse(ReadOnlySpan<byte> der)
    {
        try
        {
            // Behind the structure there may be padding up to 8 bytes, which a parser of exact DER would refuse.
            using var input = new Asn1InputStream(der.ToArray());
            var signed = new CmsSignedData(Org.BouncyCastle.Asn1.Cms.ContentInfo.GetInstance(input.ReadObject()));
            if (signed.SignedContentType?.Id != SpcIndirectData)
                return null;
            var signers = signed
                .GetSignerInfos()
                .GetSigners()
                .Select(s => (s, signed.GetCertificates().EnumerateMatches(s.SignerID).FirstOrDefault()))
                .ToList();
            return signers.Count is 0 or > MaxSigners || signers.Exists(s => s.Item2 is null)
                ? null
                : new AuthenticodeSignature(signed, signers!);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // BouncyCastle answers malformed ASN.1 with IOException, ArgumentException, InvalidCastException and others.
            return null;
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
