using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>Reads the factory's signing certificate.</summary>
internal static class FactoryCertificate
{
    /// <summary>SHA-256 of the first certificate in a PEM text, lower case; null when there is none.</summary>
    public static string? Fingerprint(string pem)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return Convert.ToHexString(certificate.GetCertHash(HashAlgorithmName.SHA256)).ToLowerInvariant();
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
