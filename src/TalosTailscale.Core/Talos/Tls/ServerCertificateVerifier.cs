using System.Globalization;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// Decides whether a server is the one that was dialled: chain to the talosconfig's CA, dates, usage, names (RFC 5280
/// §6.1 without policies and revocation, which Talos's PKI does not have). Refuses what it does not understand.
/// </summary>
internal sealed class ServerCertificateVerifier(
    IReadOnlyList<X509Certificate> authorities,
    TalosEndpoint endpoint,
    DateTimeOffset now
)
{
    private const int MaxDepth = 8;
    private const int DigitalSignature = 0;
    private const int KeyCertSign = 5;
    private const int MinRsaBits = 2048;

    private static readonly HashSet<DerObjectIdentifier> s_understood =
    [
        X509Extensions.BasicConstraints,
        X509Extensions.KeyUsage,
        X509Extensions.ExtendedKeyUsage,
        X509Extensions.SubjectAlternativeName,
        X509Extensions.SubjectKeyIdentifier,
        X509Extensions.AuthorityKeyIdentifier,
    ];

    private static readonly HashSet<string> s_signatures =
    [
        EdECObjectIdentifiers.id_Ed25519.Id,
        X9ObjectIdentifiers.ECDsaWithSha256.Id,
        X9ObjectIdentifiers.ECDsaWithSha384.Id,
        X9ObjectIdentifiers.ECDsaWithSha512.Id,
        PkcsObjectIdentifiers.Sha256WithRsaEncryption.Id,
        PkcsObjectIdentifiers.Sha384WithRsaEncryption.Id,
        PkcsObjectIdentifiers.Sha512WithRsaEncryption.Id,
        PkcsObjectIdentifiers.IdRsassaPss.Id,
    ];

    /// <summary>Returns if the chain is good for the endpoint.</summary>
    /// <param name="presented">What the server sent, its own certificate first.</param>
    /// <exception cref="TsException">One of the server errors of <see cref="TalosErrors"/>.</exception>
    internal void Verify(IReadOnlyList<X509Certificate> presented)
    {
        if (presented.Count == 0)
            throw TalosErrors.TalosServerCertificateInvalid.New(
                $"'{endpoint}' sent no certificate.",
                endpoint.ToString()
            );
        X509Certificate leaf = presented[0];
        CheckLeaf(leaf);
        if (authorities.Count == 0)
            SystemTrust.Verify(presented, endpoint);
        else
            CheckChain(presented);

        SubjectNames names = SubjectNames.Of(leaf);
        if (!names.Match(endpoint))
        {
            throw TalosErrors.TalosServerNameMismatch.New(
                $"The certificate of '{endpoint}' is for {names}; expected '{endpoint.Host}'.",
                endpoint.ToString()
            );
        }
    }

    private void CheckLeaf(X509Certificate leaf)
    {
        CheckCommon(leaf, "certificate");
        if (leaf.GetKeyUsage() is { } usage && !usage[DigitalSignature])
            throw Invalid("is not for digital signatures");
        IList<DerObjectIdentifier>? purposes = leaf.GetExtendedKeyUsage();
        if (
            purposes is not null
            && !purposes.Contains(KeyPurposeID.id_kp_serverAuth)
            && !purposes.Contains(KeyPurposeID.AnyExtendedKeyUsage)
        )
            throw Invalid("is not for server authentication");
    }

    private void CheckChain(IReadOnlyList<X509Certificate> presented)
    {
        X509Certificate current = presented[0];
        var unused = presented.Skip(1).ToList();
        for (int below = 0; below < MaxDepth; below++)
        {
            if (authorities.Any(anchor => anchor.Equals(current)))
                return;
            if (Issuer(authorities, current) is { } anchor)
            {
                CheckIssuer(anchor, below);
                return;
            }

            if (Issuer(unused, current) is not { } issuer)
                break;
            CheckIssuer(issuer, below);
            unused.Remove(issuer);
            current = issuer;
        }

        throw TalosErrors.TalosServerNotTrusted.New(
            $"The certificate of '{endpoint}' was issued by '{current.IssuerDN}', "
                + "which is not the CA of the talosconfig or has another key.",
            endpoint.ToString()
        );
    }

    // All clusters' CAs have the same name (O=talos): only the signature tells them apart.
    private static X509Certificate? Issuer(IEnumerable<X509Certificate> candidates, X509Certificate certificate) =>
        candidates.FirstOrDefault(candidate =>
            candidate.SubjectDN.Equivalent(certificate.IssuerDN) && Signed(certificate, candidate)
        );

    private static bool Signed(X509Certificate certificate, X509Certificate issuer)
    {
        try
        {
            return s_signatures.Contains(certificate.SigAlgOid) && certificate.IsSignatureValid(issuer.GetPublicKey());
        }
        catch (Exception e)
            when (e
                    is GeneralSecurityException
                        or CryptoException
                        or IOException
                        or ArgumentException
                        or InvalidCastException
                        or InvalidOperationException
            )
        {
            // A signature that does not fit the key: not by this issuer.
            return false;
        }
    }

    private void CheckIssuer(X509Certificate issuer, int below)
    {
        CheckCommon(issuer, "issuing CA");
        int pathLength = issuer.GetBasicConstraints();
        if (pathLength < 0)
            throw Invalid("was issued by a certificate that is not a CA");
        if (pathLength < below)
            throw Invalid("has a longer chain than its CA allows");
        if (issuer.GetKeyUsage() is { } usage && !usage[KeyCertSign])
            throw Invalid("was issued by a CA that may not sign certificates");
    }

    private void CheckCommon(X509Certificate certificate, string which)
    {
        DateTime from = certificate.NotBefore.ToUniversalTime();
        DateTime until = certificate.NotAfter.ToUniversalTime();
        if (now.UtcDateTime < from || now.UtcDateTime > until)
        {
            throw TalosErrors.TalosServerCertificateExpired.New(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The {which} of '{endpoint}' is valid from {from:u} to {until:u}; it is {now.UtcDateTime:u} now."
                ),
                endpoint.ToString()
            );
        }

        if (certificate.GetCriticalExtensionOids() is { } critical)
        {
            string? unknown = critical.FirstOrDefault(oid => !s_understood.Contains(new DerObjectIdentifier(oid)));
            if (unknown is not null)
                throw Invalid($"has the critical extension '{unknown}', which is not understood");
        }

        if (certificate.GetPublicKey() is RsaKeyParameters { Modulus.BitLength: < MinRsaBits })
            throw Invalid("has an RSA key of less than 2048 bits");
    }

    private TsException Invalid(string why) =>
        TalosErrors.TalosServerCertificateInvalid.New($"The certificate of '{endpoint}' {why}.", endpoint.ToString());
}
