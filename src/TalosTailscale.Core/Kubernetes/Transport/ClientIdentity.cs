using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Org.BouncyCastle.Crypto;
using TalosTailscale.Core.Talos;
using OwnCertificate = Org.BouncyCastle.X509.X509Certificate;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>A client certificate with its key, for the system's TLS and for our own.</summary>
internal sealed class ClientIdentity
{
    private ClientIdentity(
        IReadOnlyList<OwnCertificate> chain,
        AsymmetricKeyParameter key,
        SslStreamCertificateContext? system
    )
    {
        Chain = chain;
        Key = key;
        System = system;
    }

    /// <summary>The certificate and its intermediates.</summary>
    internal IReadOnlyList<OwnCertificate> Chain { get; }

    internal AsymmetricKeyParameter Key { get; }

    /// <summary>The same for the system; null where it has no keys of that kind (Ed25519).</summary>
    internal SslStreamCertificateContext? System { get; }

    /// <summary>Reads certificates and a key in PEM, each with whatever else may be in the file.</summary>
    /// <param name="certificates">The certificate first.</param>
    /// <param name="key">Its key, not encrypted.</param>
    /// <param name="source">What to call the kubeconfig in messages.</param>
    /// <exception cref="TsException">KubeconfigInvalid, which quotes nothing.</exception>
    internal static ClientIdentity Read(byte[] certificates, byte[] key, string source)
    {
        try
        {
            string chainPem = Only(certificates, label => label == TalosPem.Certificate);
            string keyPem = FirstKey(key);
            List<OwnCertificate> chain = TalosPem.Certificates(chainPem, "client certificate");
            AsymmetricKeyParameter own = TalosPem.PrivateKey(keyPem, "client key");
            if (!TalosCredentials.Belongs(chain[0], own))
                throw Invalid(source, "whose key belongs to another certificate");
            return new ClientIdentity(chain, own, ForSystem(chainPem, keyPem));
        }
        catch (TsException e) when (e.Error != KubernetesErrors.KubeconfigInvalid)
        {
            throw Invalid(source, $"that cannot be read: {KubernetesCall.Sentence(e.Message)}");
        }
    }

    private static SslStreamCertificateContext? ForSystem(string chainPem, string keyPem)
    {
        try
        {
            var rest = new X509Certificate2Collection();
            rest.ImportFromPem(chainPem);
            rest[0].Dispose();
            rest.RemoveAt(0);
            X509Certificate2 leaf = X509Certificate2.CreateFromPem(chainPem, keyPem);
            if (OperatingSystem.IsWindows())
            {
                // Windows takes no key for TLS that is in memory only.
                byte[] stored = leaf.Export(X509ContentType.Pkcs12);
                leaf.Dispose();
                leaf = new X509Certificate2(stored);
            }

            return SslStreamCertificateContext.Create(leaf, rest, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            // Not a kind that the system knows; our own TLS does.
            return null;
        }
    }

    private static string Only(byte[] pem, Func<string, bool> wanted) =>
        string.Join(
            '\n',
            TalosPem
                .Blocks(Encoding.ASCII.GetString(pem))
                .Where(block => wanted(block.Label))
                .Select(block => PemEncoding.WriteString(block.Label, block.Body))
        );

    // One file may hold certificate and key, as the kubelet's does.
    private static string FirstKey(byte[] pem)
    {
        bool found = false;
        return Only(pem, label =>
        {
            bool isFirst = !found && label.EndsWith("PRIVATE KEY", StringComparison.Ordinal);
            found |= isFirst;
            return isFirst;
        });
    }

    private static TsException Invalid(string source, string what) =>
        KubernetesErrors.KubeconfigInvalid.New($"The kubeconfig '{source}' has a client certificate {what}.", source);
}
