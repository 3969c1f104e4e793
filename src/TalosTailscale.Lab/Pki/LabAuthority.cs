using System.Net;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;
using Org.BouncyCastle.X509.Extension;

namespace TalosTailscale.Lab.Pki;

/// <summary>A certificate authority that issues what Talos's own does (pkg/machinery/gendata, siderolabs/crypto x509).</summary>
public sealed class LabAuthority
{
    private static readonly SecureRandom s_random = new();

    private LabAuthority(LabCertificate certificate) => Certificate = certificate;

    /// <summary>The CA's own certificate and key.</summary>
    public LabCertificate Certificate { get; }

    /// <summary>Makes a CA with a life of ten years.</summary>
    /// <param name="algorithm">The kind of its key, which is also that of what it issues.</param>
    /// <param name="organization">The subject's O.</param>
    /// <returns>The CA.</returns>
    public static LabAuthority Create(
        LabKeyAlgorithm algorithm = LabKeyAlgorithm.Ed25519,
        string organization = "talos"
    )
    {
        var keys = NewKeys(algorithm);
        var name = new X509Name($"O={organization}");
        var now = DateTime.UtcNow;
        var builder = Builder(name, name, keys.Public, now.AddMinutes(-5), now.AddYears(10));
        builder.AddExtension(
            X509Extensions.KeyUsage,
            true,
            new KeyUsage(KeyUsage.DigitalSignature | KeyUsage.KeyCertSign)
        );
        builder.AddExtension(
            X509Extensions.ExtendedKeyUsage,
            false,
            new ExtendedKeyUsage(KeyPurposeID.id_kp_serverAuth, KeyPurposeID.id_kp_clientAuth)
        );
        builder.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(true));
        builder.AddExtension(
            X509Extensions.SubjectKeyIdentifier,
            false,
            X509ExtensionUtilities.CreateSubjectKeyIdentifier(keys.Public)
        );
        var certificate = builder.Generate(Signer(algorithm, keys.Private));
        return new(new LabCertificate(certificate, keys.Private, algorithm));
    }

    /// <summary>Issues a client certificate: roles in O, EKU exactly clientAuth.</summary>
    /// <param name="roles">The roles (<c>os:admin</c>).</param>
    /// <param name="notBefore">Begin of its life; null for now.</param>
    /// <param name="notAfter">End of its life; null for a year from now.</param>
    /// <returns>The certificate and key.</returns>
    public LabCertificate IssueClient(
        IReadOnlyList<string> roles,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null
    ) => Issue(string.Join(",", roles.Select(r => "O=" + r)), KeyPurposeID.id_kp_clientAuth, [], notBefore, notAfter);

    /// <summary>Issues a server certificate.</summary>
    /// <param name="commonName">The subject's CN.</param>
    /// <param name="names">Subject alternative names: DNS names and IP addresses.</param>
    /// <param name="notBefore">Begin of its life; null for now.</param>
    /// <param name="notAfter">End of its life; null for a year from now.</param>
    /// <returns>The certificate and key.</returns>
    public LabCertificate IssueServer(
        string commonName,
        IReadOnlyList<string> names,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null
    ) => Issue($"CN={commonName}", KeyPurposeID.id_kp_serverAuth, names, notBefore, notAfter);

    private LabCertificate Issue(
        string subject,
        KeyPurposeID purpose,
        IReadOnlyList<string> names,
        DateTimeOffset? notBefore,
        DateTimeOffset? notAfter
    )
    {
        var algorithm = Certificate.Algorithm;
        var keys = NewKeys(algorithm);
        var now = DateTimeOffset.UtcNow;
        var builder = Builder(
            Certificate.Certificate.SubjectDN,
            new X509Name(subject),
            keys.Public,
            (notBefore ?? now.AddMinutes(-5)).UtcDateTime,
            (notAfter ?? now.AddHours(8760)).UtcDateTime
        );
        builder.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(KeyUsage.DigitalSignature));
        builder.AddExtension(X509Extensions.ExtendedKeyUsage, false, new ExtendedKeyUsage(purpose));
        builder.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(false));
        builder.AddExtension(
            X509Extensions.AuthorityKeyIdentifier,
            false,
            X509ExtensionUtilities.CreateAuthorityKeyIdentifier(Certificate.Certificate.GetPublicKey())
        );
        if (names.Count > 0)
        {
            builder.AddExtension(
                X509Extensions.SubjectAlternativeName,
                false,
                new GeneralNames([
                    .. names.Select(n => new GeneralName(
                        IPAddress.TryParse(n, out _) ? GeneralName.IPAddress : GeneralName.DnsName,
                        n
                    )),
                ])
            );
        }

        return new(builder.Generate(Signer(algorithm, Certificate.PrivateKey)), keys.Private, algorithm);
    }

    private static X509V3CertificateGenerator Builder(
        X509Name issuer,
        X509Name subject,
        AsymmetricKeyParameter publicKey,
        DateTime notBefore,
        DateTime notAfter
    )
    {
        var builder = new X509V3CertificateGenerator();
        builder.SetSerialNumber(new BigInteger(127, s_random).Add(BigInteger.One));
        builder.SetIssuerDN(issuer);
        builder.SetSubjectDN(subject);
        builder.SetPublicKey(publicKey);
        builder.SetNotBefore(notBefore);
        builder.SetNotAfter(notAfter);
        return builder;
    }

    private static Asn1SignatureFactory Signer(LabKeyAlgorithm algorithm, AsymmetricKeyParameter key) =>
        new(
            algorithm switch
            {
                LabKeyAlgorithm.EcdsaP256 => "SHA256WITHECDSA",
                LabKeyAlgorithm.Rsa => "SHA512WITHRSA",
                _ => "Ed25519",
            },
            key,
            s_random
        );

    private static AsymmetricCipherKeyPair NewKeys(LabKeyAlgorithm algorithm)
    {
        IAsymmetricCipherKeyPairGenerator generator;
        switch (algorithm)
        {
            case LabKeyAlgorithm.EcdsaP256:
                generator = new ECKeyPairGenerator();
                generator.Init(
                    new ECKeyGenerationParameters(Org.BouncyCastle.Asn1.X9.X9ObjectIdentifiers.Prime256v1, s_random)
                );
                break;
            case LabKeyAlgorithm.Rsa:
                // .NET makes the key: BouncyCastle takes seconds for it.
                using (var rsa = System.Security.Cryptography.RSA.Create(2048))
                {
                    var full = (RsaPrivateCrtKeyParameters)PrivateKeyFactory.CreateKey(rsa.ExportPkcs8PrivateKey());
                    return new AsymmetricCipherKeyPair(
                        new RsaKeyParameters(false, full.Modulus, full.PublicExponent),
                        full
                    );
                }

            default:
                generator = new Ed25519KeyPairGenerator();
                generator.Init(new Ed25519KeyGenerationParameters(s_random));
                break;
        }

        return generator.GenerateKeyPair();
    }
}
