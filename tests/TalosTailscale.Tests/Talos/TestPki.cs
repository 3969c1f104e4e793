using System.Net;
using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Tests.Talos;

/// <summary>A kind of key that a Talos PKI may have.</summary>
public enum KeyKind
{
    Ed25519,
    EcdsaP256,
    EcdsaP384,
    Rsa,
}

/// <summary>A certificate with its key, and what can be made from it.</summary>
internal sealed record TestCertificate(X509Certificate Certificate, AsymmetricCipherKeyPair Keys)
{
    public string CertificatePem => Pem("CERTIFICATE", Certificate.GetEncoded());

    /// <summary>The key as Talos writes it: Ed25519 under its own label, EC as SEC1, RSA as PKCS#1.</summary>
    public string KeyPem =>
        Keys.Private switch
        {
            Ed25519PrivateKeyParameters => Pem("ED25519 PRIVATE KEY", Pkcs8),
            ECPrivateKeyParameters => Pem("EC PRIVATE KEY", Inner.GetDerEncoded()),
            _ => Pem("RSA PRIVATE KEY", Inner.GetDerEncoded()),
        };

    public string Pkcs8Pem => Pem("PRIVATE KEY", Pkcs8);

    // As Go writes it: without the public key, which OpenSSL 3.0 would not read.
    public byte[] Pkcs8 =>
        Keys.Private is Ed25519PrivateKeyParameters ed
            ? new Org.BouncyCastle.Asn1.Pkcs.PrivateKeyInfo(
                new AlgorithmIdentifier(Org.BouncyCastle.Asn1.EdEC.EdECObjectIdentifiers.id_Ed25519),
                new DerOctetString(ed.GetEncoded())
            ).GetDerEncoded()
            : PrivateKeyInfoFactory.CreatePrivateKeyInfo(Keys.Private).GetDerEncoded();

    private Asn1Object Inner => PrivateKeyInfoFactory.CreatePrivateKeyInfo(Keys.Private).ParsePrivateKey();

    public static string Pem(string label, byte[] body) =>
        $"-----BEGIN {label}-----\n{Convert.ToBase64String(body, Base64FormattingOptions.InsertLineBreaks).Replace("\r", "", StringComparison.Ordinal)}\n-----END {label}-----\n";
}

/// <summary>How a test certificate differs from a good one.</summary>
internal sealed record TestCertificateOptions
{
    public string Subject { get; init; } = "O=talos";

    public DateTime NotBefore { get; init; } = DateTime.UtcNow.AddHours(-1);

    public DateTime NotAfter { get; init; } = DateTime.UtcNow.AddHours(1);

    public bool IsCa { get; init; }

    public int? PathLength { get; init; }

    public int? KeyUsage { get; init; }

    public KeyPurposeID? Purpose { get; init; }

    public IReadOnlyList<string> Names { get; init; } = [];

    public string? CriticalExtension { get; init; }
}

/// <summary>Certificates made on the spot, like Talos's own.</summary>
internal static class TestPki
{
    private static readonly SecureRandom s_random = new();

    public static AsymmetricCipherKeyPair Key(KeyKind kind)
    {
        IAsymmetricCipherKeyPairGenerator generator;
        switch (kind)
        {
            case KeyKind.Ed25519:
                generator = new Ed25519KeyPairGenerator();
                generator.Init(new Ed25519KeyGenerationParameters(s_random));
                break;
            case KeyKind.Rsa:
                // .NET makes the key: BouncyCastle takes seconds for it.
                using (var rsa = System.Security.Cryptography.RSA.Create(2048))
                {
                    AsymmetricKeyParameter made = PrivateKeyFactory.CreateKey(rsa.ExportPkcs8PrivateKey());
                    var full = (RsaPrivateCrtKeyParameters)made;
                    return new AsymmetricCipherKeyPair(
                        new RsaKeyParameters(false, full.Modulus, full.PublicExponent),
                        made
                    );
                }

            default:
                generator = new ECKeyPairGenerator();
                generator.Init(
                    new ECKeyGenerationParameters(
                        kind == KeyKind.EcdsaP256 ? SecObjectIdentifiers.SecP256r1 : SecObjectIdentifiers.SecP384r1,
                        s_random
                    )
                );
                break;
        }

        return generator.GenerateKeyPair();
    }

    public static TestCertificate Ca(KeyKind kind = KeyKind.Ed25519, TestCertificateOptions? options = null) =>
        Issue(null, kind, (options ?? new TestCertificateOptions()) with { IsCa = true });

    public static TestCertificate Server(TestCertificate ca, KeyKind kind, params string[] names) =>
        Issue(
            ca,
            kind,
            new TestCertificateOptions
            {
                Subject = "CN=node",
                Purpose = KeyPurposeID.id_kp_serverAuth,
                Names = names,
            }
        );

    public static TestCertificate Client(
        TestCertificate ca,
        KeyKind kind = KeyKind.Ed25519,
        string role = "os:admin"
    ) => Issue(ca, kind, new TestCertificateOptions { Subject = $"O={role}", Purpose = KeyPurposeID.id_kp_clientAuth });

    public static TestCertificate Issue(TestCertificate? issuer, KeyKind kind, TestCertificateOptions options)
    {
        AsymmetricCipherKeyPair keys = Key(kind);
        AsymmetricCipherKeyPair signer = issuer?.Keys ?? keys;
        var generator = new X509V3CertificateGenerator();
        generator.SetSerialNumber(new BigInteger(120, s_random).Add(BigInteger.One));
        generator.SetSubjectDN(new X509Name(options.Subject));
        generator.SetIssuerDN(issuer?.Certificate.SubjectDN ?? new X509Name(options.Subject));
        generator.SetNotBefore(options.NotBefore);
        generator.SetNotAfter(options.NotAfter);
        generator.SetPublicKey(keys.Public);
        AddExtensions(generator, options);
        return new TestCertificate(
            generator.Generate(new Asn1SignatureFactory(Algorithm(signer.Private), signer.Private)),
            keys
        );
    }

    /// <summary>A talosconfig of one context.</summary>
    public static string TalosConfig(TestCertificate ca, TestCertificate? client, params string[] endpoints)
    {
        var text = new StringBuilder("context: lab\ncontexts:\n  lab:\n    endpoints:\n");
        foreach (string endpoint in endpoints)
            text.Append("      - \"").Append(endpoint).Append("\"\n");
        text.Append("    ca: ").Append(Base64(ca.CertificatePem)).Append('\n');
        if (client is not null)
        {
            text.Append("    crt: ").Append(Base64(client.CertificatePem)).Append('\n');
            text.Append("    key: ").Append(Base64(client.KeyPem)).Append('\n');
        }

        return text.ToString();
    }

    public static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private static void AddExtensions(X509V3CertificateGenerator generator, TestCertificateOptions options)
    {
        if (options.IsCa)
        {
            generator.AddExtension(
                X509Extensions.BasicConstraints,
                true,
                options.PathLength is { } length ? new BasicConstraints(length) : new BasicConstraints(true)
            );
        }

        int usage = options.KeyUsage ?? (options.IsCa ? KeyUsage.KeyCertSign : KeyUsage.DigitalSignature);
        if (usage != 0)
            generator.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(usage));
        if (options.Purpose is { } purpose)
            generator.AddExtension(X509Extensions.ExtendedKeyUsage, false, new ExtendedKeyUsage(purpose));
        if (options.Names.Count > 0)
        {
            GeneralName[] names =
            [
                .. options.Names.Select(name =>
                    IPAddress.TryParse(name, out _)
                        ? new GeneralName(GeneralName.IPAddress, name)
                        : new GeneralName(GeneralName.DnsName, name)
                ),
            ];
            generator.AddExtension(X509Extensions.SubjectAlternativeName, false, new GeneralNames(names));
        }

        if (options.CriticalExtension is { } oid)
            generator.AddExtension(new DerObjectIdentifier(oid), true, DerNull.Instance);
    }

    private static string Algorithm(AsymmetricKeyParameter key) =>
        key switch
        {
            Ed25519PrivateKeyParameters => "Ed25519",
            ECPrivateKeyParameters ec => ec.Parameters.N.BitLength > 256 ? "SHA384withECDSA" : "SHA256withECDSA",
            _ => "SHA256withRSA",
        };
}
