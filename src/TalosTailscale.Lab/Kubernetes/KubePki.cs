using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>The certificates of the lab's Kubernetes: ECDSA P-256 as Talos makes them.</summary>
internal sealed class KubePki : IDisposable
{
    private readonly DateTimeOffset _from = DateTimeOffset.UtcNow.AddDays(-30);

    internal KubePki()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("O=kubernetes", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true)
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Authority = request.CreateSelfSigned(_from, _from.AddDays(3650));
        Server = Issue("CN=kube-apiserver", server: true, _from.AddDays(365));
    }

    internal X509Certificate2 Authority { get; }

    internal X509Certificate2 Server { get; }

    /// <summary>Issues a client certificate; the common name is the user, organisations are groups.</summary>
    internal X509Certificate2 IssueClient(string user, string group, DateTimeOffset? until = null) =>
        Issue($"O={group}, CN={user}", server: false, until ?? _from.AddDays(365));

    public void Dispose()
    {
        Authority.Dispose();
        Server.Dispose();
    }

    private X509Certificate2 Issue(string subject, bool server, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false)
        );
        if (server)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddDnsName("kubernetes");
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.IPv6Loopback);
            request.CertificateExtensions.Add(names.Build());
        }
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        var from = until < _from ? until.AddDays(-1) : _from;
        using var certificate = request.Create(Authority, from, until, serial);
        using var withKey = certificate.CopyWithPrivateKey(key);
        // Through PKCS#12 so that the key is usable by every platform's TLS.
        return X509CertificateLoader.LoadPkcs12(
            withKey.Export(X509ContentType.Pkcs12),
            null,
            X509KeyStorageFlags.Exportable
        );
    }
}
