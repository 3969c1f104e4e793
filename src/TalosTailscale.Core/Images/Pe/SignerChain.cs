using Org.BouncyCastle.X509;

namespace TalosTailscale.Core.Images.Pe;

/// <summary>Whether a signer is one of the given certificates, or was issued by one, directly or through others.</summary>
internal static class SignerChain
{
    private const int MaxLength = 8;

    /// <summary>
    /// Follows issuers from the signer to a trusted certificate. Dates are not looked at, as the firmware does not:
    /// what boots today must not stop to be trusted because time passed.
    /// </summary>
    /// <param name="signer">The signer's certificate, DER.</param>
    /// <param name="others">What else the signature carries, DER.</param>
    /// <param name="trusted">What is trusted, DER.</param>
    /// <returns>True when the chain ends in something trusted.</returns>
    public static bool EndsIn(byte[] signer, IReadOnlyList<byte[]> others, IReadOnlyList<byte[]> trusted)
    {
        var parser = new X509CertificateParser();
        var anchors = trusted.Select(parser.ReadCertificate).ToList();
        var between = others.Select(parser.ReadCertificate).ToList();
        var at = parser.ReadCertificate(signer);
        for (var i = 0; i < MaxLength; i++)
        {
            if (anchors.Any(a => a.Equals(at)))
                return true;
            if (anchors.Any(a => Issued(a, at)))
                return true;
            if (between.FirstOrDefault(b => !b.Equals(at) && Issued(b, at)) is not { } issuer)
                return false;
            at = issuer;
        }

        return false;
    }

    private static bool Issued(X509Certificate issuer, X509Certificate certificate)
    {
        try
        {
            // -1: not the certificate of an authority, so nothing that it signs is a certificate.
            if (issuer.GetBasicConstraints() < 0 || !certificate.IssuerDN.Equivalent(issuer.SubjectDN))
                return false;
            if (SignerKey.TryGet(issuer) is not { } key)
                return false;
            certificate.Verify(key);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // BouncyCastle answers keys and extensions that make no sense with exceptions of many types.
            return false;
        }
    }
}
