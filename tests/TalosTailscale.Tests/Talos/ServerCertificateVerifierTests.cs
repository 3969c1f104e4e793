using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>Good and bad chains, one row each.</summary>
public class ServerCertificateVerifierTests
{
    private static readonly TestCertificate s_ca = TestPki.Ca();

    public static TheoryData<string, string?> Table =>
        new()
        {
            { "good", null },
            { "good through an intermediate", null },
            { "good with the root sent as well", null },
            { "good by the second CA of a bundle", null },
            { "good without key usage and purposes", null },
            { "CA of another cluster with the same name", "TalosServerNotTrusted" },
            { "self-signed", "TalosServerNotTrusted" },
            { "intermediate not sent", "TalosServerNotTrusted" },
            { "signature broken", "TalosServerNotTrusted" },
            { "expired", "TalosServerCertificateExpired" },
            { "not yet valid", "TalosServerCertificateExpired" },
            { "CA expired", "TalosServerCertificateExpired" },
            { "intermediate expired", "TalosServerCertificateExpired" },
            { "client purpose only", "TalosServerCertificateInvalid" },
            { "no digital signature", "TalosServerCertificateInvalid" },
            { "issued by a leaf", "TalosServerCertificateInvalid" },
            { "CA that may not sign", "TalosServerCertificateInvalid" },
            { "chain longer than allowed", "TalosServerCertificateInvalid" },
            { "critical extension not understood", "TalosServerCertificateInvalid" },
            { "nothing sent", "TalosServerCertificateInvalid" },
            { "other address", "TalosServerNameMismatch" },
            { "no names", "TalosServerNameMismatch" },
            { "name in the common name only", "TalosServerNameMismatch" },
        };

    [Theory, MemberData(nameof(Table))]
    public void Row(string name, string? errorId)
    {
        (TestCertificate[] authorities, X509Certificate[] chain) = Build(name);
        var verifier = new ServerCertificateVerifier(
            [.. authorities.Select(ca => ca.Certificate)],
            new TalosEndpoint("10.0.0.1", 50000),
            DateTimeOffset.UtcNow
        );
        if (errorId is null)
        {
            verifier.Verify(chain);
            return;
        }

        TsException error = Assert.Throws<TsException>(() => verifier.Verify(chain));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains("'10.0.0.1:50000'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("fd00::1", "fd00:0:0::1", true)]
    [InlineData("fd00::1", "fd00::2", false)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("cp.example", "CP.Example", true)]
    [InlineData("cp.example", "cp.example.", true)]
    [InlineData("cp.example", "cp.example.org", false)]
    [InlineData("*.example.org", "cp.example.org", true)]
    [InlineData("*.example.org", "a.cp.example.org", false)]
    [InlineData("*.example.org", "example.org", false)]
    [InlineData("*.org", "example.org", false)]
    [InlineData("c*.example.org", "cp.example.org", false)]
    [InlineData("10.0.0.1", "cp.example", false)]
    [InlineData("cp.example", "10.0.0.1", false)]
    public void Names(string inCertificate, string dialled, bool matches)
    {
        TestCertificate server = TestPki.Server(s_ca, KeyKind.Ed25519, inCertificate);
        Assert.Equal(matches, SubjectNames.Of(server.Certificate).Match(new TalosEndpoint(dialled, 50000)));
    }

    [Theory]
    [InlineData(KeyKind.EcdsaP256)]
    [InlineData(KeyKind.EcdsaP384)]
    [InlineData(KeyKind.Rsa)]
    public void Every_kind_of_CA_signs_every_kind_of_server(KeyKind kind)
    {
        TestCertificate ca = TestPki.Ca(kind);
        foreach (KeyKind leaf in new[] { KeyKind.Ed25519, KeyKind.EcdsaP256, kind })
        {
            new ServerCertificateVerifier(
                [ca.Certificate],
                new TalosEndpoint("10.0.0.1", 50000),
                DateTimeOffset.UtcNow
            ).Verify([TestPki.Server(ca, leaf, "10.0.0.1").Certificate]);
        }
    }

    private static (TestCertificate[] Authorities, X509Certificate[] Chain) Build(string name)
    {
        var good = new TestCertificateOptions { Names = ["10.0.0.1"], Purpose = KeyPurposeID.id_kp_serverAuth };
        DateTime now = DateTime.UtcNow;
        switch (name)
        {
            case "good":
                return Direct(good);
            case "good through an intermediate":
                return Through(s_ca, new TestCertificateOptions { Subject = "O=middle", IsCa = true }, good);
            case "good with the root sent as well":
                return ([s_ca], [Leaf(s_ca, good), s_ca.Certificate]);
            case "good by the second CA of a bundle":
                return ([TestPki.Ca(), s_ca], [Leaf(s_ca, good)]);
            case "good without key usage and purposes":
                return Direct(good with { KeyUsage = 0, Purpose = null });
            case "CA of another cluster with the same name":
                return ([TestPki.Ca()], [Leaf(s_ca, good)]);
            case "self-signed":
                return ([s_ca], [TestPki.Issue(null, KeyKind.Ed25519, good).Certificate]);
            case "intermediate not sent":
                (TestCertificate[] authorities, X509Certificate[] chain) = Through(
                    s_ca,
                    new TestCertificateOptions { Subject = "O=middle", IsCa = true },
                    good
                );
                return (authorities, chain[..1]);
            case "signature broken":
                byte[] bytes = Leaf(s_ca, good).GetEncoded();
                bytes[^1] ^= 1;
                return ([s_ca], [new X509Certificate(bytes)]);
            case "expired":
                return Direct(good with { NotBefore = now.AddDays(-2), NotAfter = now.AddDays(-1) });
            case "not yet valid":
                return Direct(good with { NotBefore = now.AddDays(1), NotAfter = now.AddDays(2) });
            case "CA expired":
                TestCertificate old = TestPki.Ca(options: new TestCertificateOptions { NotAfter = now.AddMinutes(-1) });
                return ([old], [Leaf(old, good)]);
            case "intermediate expired":
                return Through(
                    s_ca,
                    new TestCertificateOptions
                    {
                        Subject = "O=middle",
                        IsCa = true,
                        NotAfter = now.AddMinutes(-1),
                    },
                    good
                );
            case "client purpose only":
                return Direct(good with { Purpose = KeyPurposeID.id_kp_clientAuth });
            case "no digital signature":
                return Direct(good with { KeyUsage = KeyUsage.KeyEncipherment });
            case "issued by a leaf":
                return Through(s_ca, new TestCertificateOptions { Subject = "O=leaf" }, good);
            case "CA that may not sign":
                TestCertificate weak = TestPki.Ca(options: new TestCertificateOptions { KeyUsage = KeyUsage.CrlSign });
                return ([weak], [Leaf(weak, good)]);
            case "chain longer than allowed":
                TestCertificate narrow = TestPki.Ca(options: new TestCertificateOptions { PathLength = 0 });
                return Through(narrow, new TestCertificateOptions { Subject = "O=middle", IsCa = true }, good);
            case "critical extension not understood":
                return Direct(good with { CriticalExtension = "1.2.3.4.5" });
            case "nothing sent":
                return ([s_ca], []);
            case "other address":
                return Direct(good with { Names = ["10.0.0.2", "cp.example"] });
            case "no names":
                return Direct(good with { Names = [] });
            case "name in the common name only":
                return Direct(good with { Names = [], Subject = "CN=10.0.0.1" });
            default:
                throw new ArgumentException(name, nameof(name));
        }
    }

    private static (TestCertificate[], X509Certificate[]) Direct(TestCertificateOptions leaf) =>
        ([s_ca], [Leaf(s_ca, leaf)]);

    private static (TestCertificate[], X509Certificate[]) Through(
        TestCertificate root,
        TestCertificateOptions middle,
        TestCertificateOptions leaf
    )
    {
        TestCertificate issuer = TestPki.Issue(root, KeyKind.Ed25519, middle);
        return ([root], [Leaf(issuer, leaf), issuer.Certificate]);
    }

    private static X509Certificate Leaf(TestCertificate ca, TestCertificateOptions options) =>
        TestPki.Issue(ca, KeyKind.Ed25519, options).Certificate;
}
