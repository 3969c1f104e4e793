using Org.BouncyCastle.Crypto;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>Keys and certificates as PEM, in every form that a Talos PKI has.</summary>
public class TalosPemTests
{
    // RFC 8410 §10.3: the Ed25519 key of the example, and its public half from §10.1.
    private const string Rfc8410Key = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

    public static TheoryData<KeyKind> Kinds => [KeyKind.Ed25519, KeyKind.EcdsaP256, KeyKind.EcdsaP384, KeyKind.Rsa];

    [Theory]
    [InlineData("ED25519 PRIVATE KEY")]
    [InlineData("PRIVATE KEY")]
    public void The_Ed25519_key_of_RFC_8410_is_read_under_both_labels(string label)
    {
        AsymmetricKeyParameter key = TalosPem.PrivateKey(
            $"-----BEGIN {label}-----\n{Rfc8410Key}\n-----END {label}-----\n",
            "key"
        );
        var ed = Assert.IsType<Org.BouncyCastle.Crypto.Parameters.Ed25519PrivateKeyParameters>(key);
        Assert.Equal(
            "19BF44096984CDFE8541BAC167DC3B96C85086AA30B6B6CB0C5C38AD703166E1",
            Convert.ToHexString(ed.GeneratePublicKey().GetEncoded())
        );
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Every_kind_is_read_as_Talos_writes_it_and_as_PKCS8(KeyKind kind)
    {
        TestCertificate certificate = TestPki.Ca(kind);
        foreach (
            string pem in new[]
            {
                certificate.KeyPem,
                certificate.Pkcs8Pem,
                certificate.KeyPem.Replace("\n", "\r\n", StringComparison.Ordinal),
            }
        )
        {
            AsymmetricKeyParameter key = TalosPem.PrivateKey(pem, "key");
            Assert.Equal(
                Org.BouncyCastle.Pkcs.PrivateKeyInfoFactory.CreatePrivateKeyInfo(certificate.Keys.Private)
                    .GetDerEncoded(),
                Org.BouncyCastle.Pkcs.PrivateKeyInfoFactory.CreatePrivateKeyInfo(key).GetDerEncoded()
            );
        }
    }

    [Fact]
    public void The_curve_block_that_openssl_writes_is_skipped()
    {
        TestCertificate certificate = TestPki.Ca(KeyKind.EcdsaP256);
        string pem =
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + certificate.KeyPem;
        Assert.True(TalosPem.PrivateKey(pem, "key").IsPrivate);
    }

    [Theory]
    [InlineData("nothing here", "holds no PEM block")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "unencrypted")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not DER")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n", "not DER")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n", "not DER")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n%%%%\n-----END PRIVATE KEY-----\n", "holds no PEM block")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "CERTIFICATE")]
    public void What_is_no_key_says_what_it_is(string pem, string expected)
    {
        TsException error = Assert.Throws<TsException>(() => TalosPem.PrivateKey(pem, "contexts.lab.key"));
        Assert.Same(TalosErrors.TalosCredentialInvalid, error.Error);
        Assert.Contains("'contexts.lab.key'", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_cut_anywhere_is_an_error_and_nothing_else()
    {
        byte[] whole = TestPki.Ca(KeyKind.EcdsaP256).Pkcs8;
        for (int length = 0; length < whole.Length; length++)
        {
            string pem = TestCertificate.Pem("PRIVATE KEY", whole[..length]);
            Assert.Same(
                TalosErrors.TalosCredentialInvalid,
                Assert.Throws<TsException>(() => TalosPem.PrivateKey(pem, "key")).Error
            );
        }
    }

    [Fact]
    public void A_certificate_with_any_byte_changed_is_read_or_refused_but_never_crashes()
    {
        byte[] whole = TestPki.Ca().Certificate.GetEncoded();
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] changed = [.. whole];
            changed[at] ^= 0x5A;
            try
            {
                TalosPem.Certificates(TestCertificate.Pem("CERTIFICATE", changed), "crt");
            }
            catch (TsException e)
            {
                Assert.Same(TalosErrors.TalosCredentialInvalid, e.Error);
            }
        }
    }

    [Fact]
    public void A_CA_bundle_is_read_whole()
    {
        string bundle = TestPki.Ca().CertificatePem + "\n# old one\n" + TestPki.Ca(KeyKind.EcdsaP256).CertificatePem;
        Assert.Equal(2, TalosPem.Certificates(bundle, "ca").Count);
    }
}
