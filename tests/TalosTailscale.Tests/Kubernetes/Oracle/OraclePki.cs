using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TalosTailscale.Tests.Kubernetes.Oracle;

/// <summary>Authorities, an intermediate, servers and a client, all made for one run.</summary>
internal sealed class OraclePki
{
    private static readonly DateTimeOffset s_from = DateTimeOffset.UtcNow.AddDays(-1);

    internal OraclePki()
    {
        Root = Make("O=kubernetes", null, isAuthority: true);
        // Of the same name with another key: the name alone must not be enough.
        Stranger = Make("O=kubernetes", null, isAuthority: true);
        Intermediate = Make("CN=intermediate", Root, isAuthority: true);
        Server = Make("CN=kube-apiserver", Root, isAuthority: false);
        Below = Make("CN=kube-apiserver", Intermediate, isAuthority: false);
        Lone = Make("CN=alone", null, isAuthority: false);
        Client = Make("O=admins, CN=certificate-user", Root, isAuthority: false);
        RsaClient = Make("O=admins, CN=rsa-user", Root, isAuthority: false, rsa: true);
    }

    internal X509Certificate2 Root { get; }

    internal X509Certificate2 Stranger { get; }

    internal X509Certificate2 Intermediate { get; }

    /// <summary>Of the root.</summary>
    internal X509Certificate2 Server { get; }

    /// <summary>Of the intermediate.</summary>
    internal X509Certificate2 Below { get; }

    /// <summary>Of nobody.</summary>
    internal X509Certificate2 Lone { get; }

    internal X509Certificate2 Client { get; }

    internal X509Certificate2 RsaClient { get; }

    internal static string KeyPem(X509Certificate2 certificate) =>
        certificate.GetECDsaPrivateKey()?.ExportECPrivateKeyPem()
        ?? certificate.GetRSAPrivateKey()!.ExportRSAPrivateKeyPem();

    /// <summary>A server's of the intermediate, which says where that is to be had.</summary>
    internal X509Certificate2 Pointing(string issuers) =>
        Make("CN=kube-apiserver", Intermediate, isAuthority: false, issuers: issuers);

    private static X509Certificate2 Make(
        string subject,
        X509Certificate2? issuer,
        bool isAuthority,
        bool rsa = false,
        string? issuers = null
    )
    {
        using ECDsa ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RSA other = RSA.Create(2048);
        CertificateRequest request = rsa
            ? new CertificateRequest(subject, other, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, ec, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(
                isAuthority ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature,
                true
            )
        );
        if (issuers is not null)
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuers]));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddDnsName("kube.oracle.test");
            names.AddDnsName("*.wild.oracle.test");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false)
            );
        }

        byte[] serial = RandomNumberGenerator.GetBytes(12);
        serial[0] &= 0x7F;
        if (issuer is null)
        {
            using X509Certificate2 self = request.CreateSelfSigned(s_from, s_from.AddDays(300));
            return Stored(self);
        }

        X509SignatureGenerator generator = X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!);
        using X509Certificate2 signed = request.Create(
            issuer.SubjectName,
            generator,
            s_from,
            s_from.AddDays(200),
            serial
        );
        using X509Certificate2 withKey = rsa ? signed.CopyWithPrivateKey(other) : signed.CopyWithPrivateKey(ec);
        return Stored(withKey);
    }

    private static X509Certificate2 Stored(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(
            certificate.Export(X509ContentType.Pkcs12),
            null,
            X509KeyStorageFlags.Exportable
        );
}
