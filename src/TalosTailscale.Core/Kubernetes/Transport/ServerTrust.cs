using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Decides whether a certificate is the server's, as Go does: a chain to one of the kubeconfig's certificates, whichever
/// they are (root, intermediate or the server's own), else to one of the system; for that name, which never is the common
/// name; in its dates; for servers. Nothing is fetched to complete a chain.
/// </summary>
internal sealed class ServerTrust(X509Certificate2Collection anchors, string name)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The name that the certificate has to be for.</summary>
    internal string Name => name;

    /// <exception cref="AuthenticationException">It is not; the message says why.</exception>
    internal void Verify(X509Certificate2 leaf, X509Certificate2Collection presented)
    {
        // Several certificates of one name (a CA before and after its renewal) are tried one by one.
        IEnumerable<X509Certificate2Collection> ways =
            anchors.Count > 1 ? [anchors, .. anchors.Select(one => new X509Certificate2Collection(one))] : [anchors];
        string? problem = null;
        foreach (X509Certificate2Collection way in ways)
        {
            string? found = Problem(leaf, presented, way);
            if (found is null)
            {
                CheckName(leaf);
                return;
            }

            problem ??= found;
        }

        throw new AuthenticationException($"the certificate of '{name}' {problem}");
    }

    private static string? Problem(
        X509Certificate2 leaf,
        X509Certificate2Collection presented,
        X509Certificate2Collection anchors
    )
    {
        using var chain = new X509Chain();
        X509ChainPolicy policy = chain.ChainPolicy;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        policy.ExtraStore.AddRange(presented);
        if (anchors.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(anchors);
            policy.ExtraStore.AddRange(anchors);
            // Where the chain ends is judged below.
            policy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        }

        bool isWhole = chain.Build(leaf);
        try
        {
            if (!isWhole)
                return "is not trusted: "
                    + string.Join("; ", chain.ChainStatus.Select(one => one.StatusInformation.Trim().TrimEnd('.')));
            return anchors.Count == 0 || chain.ChainElements.Any(one => anchors.Contains(one.Certificate))
                ? null
                : $"was issued by '{chain.ChainElements[^1].Certificate.Issuer}', which the kubeconfig does not have, or has with another key";
        }
        finally
        {
            foreach (X509ChainElement element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }

    private void CheckName(X509Certificate2 leaf)
    {
        if (leaf.MatchesHostname(name, allowWildcards: true, allowCommonName: false))
            return;
        IEnumerable<string> names = leaf
            .Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(one => one.EnumerateDnsNames().Concat(one.EnumerateIPAddresses().Select(ip => ip.ToString())));
        throw new AuthenticationException($"the certificate is for '{string.Join("', '", names)}', expected '{name}'");
    }
}
