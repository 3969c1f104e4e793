using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>A client certificate with its key in PEM, the same bytes each time.</summary>
internal static class Ed25519Client
{
    internal static (string Certificate, string Key) Make()
    {
        var key = new Ed25519PrivateKeyParameters(new byte[Ed25519PrivateKeyParameters.KeySize]);
        var maker = new X509V3CertificateGenerator();
        maker.SetSerialNumber(BigInteger.One);
        maker.SetIssuerDN(new X509Name("CN=x"));
        maker.SetSubjectDN(new X509Name("CN=x"));
        maker.SetNotBefore(DateTime.UnixEpoch);
        maker.SetNotAfter(DateTime.UnixEpoch.AddYears(70));
        maker.SetPublicKey(key.GeneratePublicKey());
        byte[] certificate = maker.Generate(new Asn1SignatureFactory("Ed25519", key)).GetEncoded();
        return (
            PemEncoding.WriteString("CERTIFICATE", certificate),
            PemEncoding.WriteString("PRIVATE KEY", PrivateKeyInfoFactory.CreatePrivateKeyInfo(key).GetEncoded())
        );
    }
}
