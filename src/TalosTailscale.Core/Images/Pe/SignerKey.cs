using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Core.Images.Pe;

/// <summary>
/// Public keys that are worth the arithmetic. To look at an RSA modulus of 16384 bits, or to verify with an exponent of
/// that length, takes seconds; no firmware takes more than 4096.
/// </summary>
internal static class SignerKey
{
    private const int MaxModulusBits = 4096;
    private const int MaxExponentBits = 64;

    /// <summary>The key of a certificate; null where it is of another kind or size than any that signs a UKI.</summary>
    public static AsymmetricKeyParameter? TryGet(X509Certificate certificate)
    {
        var info = certificate.CertificateStructure.SubjectPublicKeyInfo;
        var algorithm = info.Algorithm.Algorithm;
        bool reasonable;
        if (algorithm.Equals(PkcsObjectIdentifiers.RsaEncryption))
        {
            var key = RsaPublicKeyStructure.GetInstance(info.ParsePublicKey());
            reasonable = key.Modulus.BitLength <= MaxModulusBits && key.PublicExponent.BitLength <= MaxExponentBits;
        }
        else
        {
            reasonable =
                algorithm.Equals(EdECObjectIdentifiers.id_Ed25519)
                || (
                    algorithm.Equals(X9ObjectIdentifiers.IdECPublicKey)
                    && info.Algorithm.Parameters is DerObjectIdentifier
                );
        }

        return reasonable ? certificate.GetPublicKey() : null;
    }
}
