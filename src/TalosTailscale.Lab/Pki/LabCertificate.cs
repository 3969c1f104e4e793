using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Lab.Pki;

/// <summary>A certificate with its private key, and the PEM texts of both as Talos writes them.</summary>
public sealed class LabCertificate
{
    internal LabCertificate(X509Certificate certificate, AsymmetricKeyParameter privateKey, LabKeyAlgorithm algorithm)
    {
        Certificate = certificate;
        PrivateKey = privateKey;
        Algorithm = algorithm;
    }

    /// <summary>The kind of key.</summary>
    public LabKeyAlgorithm Algorithm { get; }

    /// <summary>The certificate in PEM.</summary>
    public string CertificatePem => Pem("CERTIFICATE", Certificate.GetEncoded());

    /// <summary>
    /// The private key in PEM: label <c>ED25519 PRIVATE KEY</c> on a PKCS#8 body, SEC1 <c>EC PRIVATE KEY</c>, or
    /// PKCS#1 <c>RSA PRIVATE KEY</c> (siderolabs/crypto x509).
    /// </summary>
    public string PrivateKeyPem =>
        Algorithm switch
        {
            LabKeyAlgorithm.EcdsaP256 => Pem("EC PRIVATE KEY", Sec1()),
            LabKeyAlgorithm.Rsa => Pem("RSA PRIVATE KEY", Inner()),
            _ => Pem("ED25519 PRIVATE KEY", Pkcs8()),
        };

    /// <summary>The private key in PEM as PKCS#8 with the label <c>PRIVATE KEY</c>.</summary>
    public string Pkcs8Pem => Pem("PRIVATE KEY", Pkcs8());

    internal X509Certificate Certificate { get; }

    internal AsymmetricKeyParameter PrivateKey { get; }

    /// <summary>Names the subject; never the key.</summary>
    /// <returns>The subject.</returns>
    public override string ToString() => Certificate.SubjectDN.ToString();

    // The public key is left out of Ed25519 keys, as Go's x509.MarshalPKCS8PrivateKey does.
    private byte[] Pkcs8() =>
        PrivateKey is Ed25519PrivateKeyParameters ed
            ? new Org.BouncyCastle.Asn1.Pkcs.PrivateKeyInfo(
                new Org.BouncyCastle.Asn1.X509.AlgorithmIdentifier(new DerObjectIdentifier("1.3.101.112")),
                new DerOctetString(ed.GetEncoded())
            ).GetEncoded()
            : PrivateKeyInfoFactory.CreatePrivateKeyInfo(PrivateKey).GetEncoded();

    private byte[] Inner() => PrivateKeyInfoFactory.CreatePrivateKeyInfo(PrivateKey).ParsePrivateKey().GetEncoded();

    private byte[] Sec1()
    {
        var key = ECPrivateKeyStructure.GetInstance(
            PrivateKeyInfoFactory.CreatePrivateKeyInfo(PrivateKey).ParsePrivateKey()
        );
        var publicKey = Certificate.CertificateStructure.SubjectPublicKeyInfo.PublicKey;
        return new ECPrivateKeyStructure(256, key.GetKey(), publicKey, X9ObjectIdentifiers.Prime256v1).GetEncoded();
    }

    private static string Pem(string label, byte[] der) => PemEncoding.WriteString(label, der) + "\n";
}
