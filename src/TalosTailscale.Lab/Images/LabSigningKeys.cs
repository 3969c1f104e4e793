using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;
using BcParameters = Org.BouncyCastle.Crypto.Parameters;

namespace TalosTailscale.Lab.Images;

/// <summary>The Secure Boot and PCR signing keys of an image factory. Derived from a name, so they protect nothing.</summary>
public sealed class LabSigningKeys
{
    private static readonly Lazy<LabSigningKeys> s_factory = new(() => new LabSigningKeys("Lab Image Factory"));
    private static readonly Lazy<LabSigningKeys> s_other = new(() => new LabSigningKeys("Another Lab Factory"));
    private static readonly Lazy<LabSigningKeys> s_short = new(() => new LabSigningKeys("Short Lab Factory", 512));
    private readonly Lazy<RSA> _signing;
    private readonly Lazy<RSA> _pcr;
    private readonly Lazy<X509Certificate2> _certificate;

    private LabSigningKeys(string name, int bits = 2048)
    {
        Name = name;
        _signing = new(() => Derive(name + "/signing", bits));
        _pcr = new(() => Derive(name + "/pcr", 2048));
        _certificate = new(MakeCertificate);
    }

    /// <summary>The keys of the lab's own factory.</summary>
    public static LabSigningKeys Factory => s_factory.Value;

    /// <summary>The keys of somebody else.</summary>
    public static LabSigningKeys Other => s_other.Value;

    /// <summary>A signing key so short that its arithmetic takes no time: for signatures that are read a million times.</summary>
    public static LabSigningKeys Short => s_short.Value;

    /// <summary>Whose keys they are; the common name of the certificate begins so.</summary>
    public string Name { get; }

    /// <summary>The self-signed certificate of the signing key, without the key.</summary>
    public X509Certificate2 Certificate => _certificate.Value;

    /// <summary>The PCR public key as <c>.pcrpkey</c> holds it (PKIX PEM).</summary>
    public string PcrPublicKeyPem => _pcr.Value.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>What Talos's SecurityState says: SHA-256 of the PKIX DER, upper-case hex with colons.</summary>
    public string PcrFingerprint =>
        Convert
            .ToHexString(SHA256.HashData(_pcr.Value.ExportSubjectPublicKeyInfo()))
            .Chunk(2)
            .Select(c => new string(c))
            .Aggregate((a, b) => $"{a}:{b}");

    internal RSA Signing => _signing.Value;

    internal RSA Pcr => _pcr.Value;

    private X509Certificate2 MakeCertificate()
    {
        var request = new CertificateRequest(
            $"CN={Name} SecureBoot signing key",
            Signing,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        );
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true)
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.Create(
            request.SubjectName,
            X509SignatureGenerator.CreateForRSA(Signing, RSASignaturePadding.Pkcs1),
            LabBytes.Epoch.AddDays(-1),
            LabBytes.Epoch.AddYears(10),
            [0x10, 0x01]
        );
    }

    private static RSA Derive(string seed, int bits)
    {
        var generator = new DigestRandomGenerator(new Sha256Digest());
        generator.AddSeedMaterial(Encoding.UTF8.GetBytes(seed));
        var rsa = new RsaKeyPairGenerator();
        rsa.Init(
            new BcParameters.RsaKeyGenerationParameters(
                Org.BouncyCastle.Math.BigInteger.ValueOf(65537),
                new SecureRandom(generator),
                bits,
                25
            )
        );
        var key = (BcParameters.RsaPrivateCrtKeyParameters)rsa.GenerateKeyPair().Private;
        return RSA.Create(
            new RSAParameters
            {
                Modulus = key.Modulus.ToByteArrayUnsigned(),
                Exponent = key.PublicExponent.ToByteArrayUnsigned(),
                D = Fixed(key.Exponent, bits / 8),
                P = Fixed(key.P, bits / 16),
                Q = Fixed(key.Q, bits / 16),
                DP = Fixed(key.DP, bits / 16),
                DQ = Fixed(key.DQ, bits / 16),
                InverseQ = Fixed(key.QInv, bits / 16),
            }
        );
    }

    private static byte[] Fixed(Org.BouncyCastle.Math.BigInteger value, int length)
    {
        var bytes = value.ToByteArrayUnsigned();
        return bytes.Length == length ? bytes : [.. new byte[length - bytes.Length], .. bytes];
    }
}
