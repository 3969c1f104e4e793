using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DotNetCertificate = System.Security.Cryptography.X509Certificates.X509Certificate2;

namespace TalosTailscale.Core.Talos;

/// <summary>The operating system's roots, for contexts without a CA of their own (a proxy with a public certificate).</summary>
internal static class SystemTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    internal static void Verify(IReadOnlyList<Org.BouncyCastle.X509.X509Certificate> presented, TalosEndpoint endpoint)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        var loaded = new List<DotNetCertificate>();
        try
        {
            foreach (Org.BouncyCastle.X509.X509Certificate certificate in presented)
                loaded.Add(new DotNetCertificate(certificate.GetEncoded()));
            chain.ChainPolicy.ExtraStore.AddRange(loaded.Skip(1).ToArray());
            if (chain.Build(loaded[0]))
                return;
            string why = string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()));
            throw TalosErrors.TalosServerNotTrusted.New(
                $"The certificate of '{endpoint}' is not trusted by this machine: {why}",
                endpoint.ToString(),
                recommendedAction: "The context has no 'ca': add the cluster's CA to the talosconfig."
            );
        }
        catch (CryptographicException e)
        {
            throw TalosErrors.TalosServerNotTrusted.New(
                $"The certificate of '{endpoint}' cannot be judged by this machine: {e.Message}",
                endpoint.ToString(),
                e,
                "The context has no 'ca': add the cluster's CA to the talosconfig."
            );
        }
        finally
        {
            loaded.ForEach(certificate => certificate.Dispose());
            foreach (X509ChainElement element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }
}
