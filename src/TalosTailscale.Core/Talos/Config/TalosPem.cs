using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// PEM as Talos writes it. Its Ed25519 keys carry the label <c>ED25519 PRIVATE KEY</c> around ordinary PKCS#8
/// (siderolabs/crypto x509/constants.go), which strict readers refuse.
/// </summary>
internal static class TalosPem
{
    internal const string Certificate = "CERTIFICATE";

    /// <summary>Takes the PEM text out of a field of a talosconfig.</summary>
    /// <param name="base64">The field's value.</param>
    /// <param name="what">The field, for messages (<c>contexts.lab.crt</c>).</param>
    internal static string Unwrap(string base64, string what)
    {
        if (base64.AsSpan().TrimStart().StartsWith("-----BEGIN", StringComparison.Ordinal))
            throw Invalid(what, "is PEM text", "base64 of PEM text");
        try
        {
            return Encoding.ASCII.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            throw Invalid(what, "is not base64", "base64 of PEM text");
        }
    }

    /// <summary>Every block of a PEM text: label and body.</summary>
    internal static List<(string Label, byte[] Body)> Blocks(string pem)
    {
        var blocks = new List<(string, byte[])>();
        ReadOnlySpan<char> rest = pem;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            byte[] body = new byte[fields.DecodedDataLength];
            if (Convert.TryFromBase64Chars(rest[fields.Base64Data], body, out int written) && written == body.Length)
                blocks.Add((rest[fields.Label].ToString(), body));
            rest = rest[fields.Location.End..];
        }

        return blocks;
    }

    /// <summary>The certificates of a PEM text, at least one.</summary>
    internal static List<X509Certificate> Certificates(string pem, string what)
    {
        var found = new List<X509Certificate>();
        foreach ((string label, byte[] body) in Blocks(pem))
        {
            if (label != Certificate)
                throw Invalid(what, $"holds a PEM block '{label}'", $"'{Certificate}'");
            try
            {
                found.Add(new X509Certificate(body));
            }
            catch (Exception e) when (IsMalformed(e))
            {
                throw Invalid(what, "holds a certificate that is not DER", "an X.509 certificate");
            }
        }

        return found.Count > 0 ? found : throw Invalid(what, "holds no PEM block", $"'{Certificate}'");
    }

    /// <summary>The private key of a PEM text: Ed25519, EC (SEC1), RSA (PKCS#1) or any of them as PKCS#8.</summary>
    internal static AsymmetricKeyParameter PrivateKey(string pem, string what)
    {
        // OpenSSL writes the curve as a block of its own before the key.
        List<(string Label, byte[] Body)> blocks = Blocks(pem);
        blocks.RemoveAll(block => block.Label == "EC PARAMETERS");
        if (blocks.Count == 0)
            throw Invalid(what, "holds no PEM block", "a private key");
        if (blocks.Count > 1)
            throw Invalid(what, $"holds {blocks.Count} PEM blocks", "one private key");
        (string label, byte[] body) = blocks[0];
        try
        {
            AsymmetricKeyParameter key = label switch
            {
                "ED25519 PRIVATE KEY" or "PRIVATE KEY" => PrivateKeyFactory.CreateKey(body),
                "EC PRIVATE KEY" => Sec1(body),
                "RSA PRIVATE KEY" => PrivateKeyFactory.CreateKey(
                    new PrivateKeyInfo(
                        new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance),
                        RsaPrivateKeyStructure.GetInstance(body)
                    )
                ),
                _ => throw Invalid(what, $"holds a PEM block '{label}'", "an unencrypted private key"),
            };
            return key is Ed25519PrivateKeyParameters or ECPrivateKeyParameters or RsaPrivateCrtKeyParameters
                ? key
                : throw Invalid(what, "holds a key of another kind", "Ed25519, ECDSA or RSA");
        }
        catch (Exception e) when (IsMalformed(e))
        {
            throw Invalid(what, $"holds a '{label}' that is not DER", "a private key");
        }
    }

    private static AsymmetricKeyParameter Sec1(byte[] body)
    {
        ECPrivateKeyStructure structure = ECPrivateKeyStructure.GetInstance(body);
        var algorithm = new AlgorithmIdentifier(X9ObjectIdentifier, structure.Parameters);
        return PrivateKeyFactory.CreateKey(new PrivateKeyInfo(algorithm, structure));
    }

    private static DerObjectIdentifier X9ObjectIdentifier => Org.BouncyCastle.Asn1.X9.X9ObjectIdentifiers.IdECPublicKey;

    // BouncyCastle's ASN.1 readers throw all of these on malformed input.
    internal static bool IsMalformed(Exception e) =>
        e
            is IOException
                or ArgumentException
                or InvalidOperationException
                or InvalidCastException
                or GeneralSecurityException
                or SecurityUtilityException
                or NullReferenceException
                or IndexOutOfRangeException
                or FormatException
                or OverflowException
                or ArithmeticException;

    // What the value holds is never quoted: it may be the key.
    private static TsException Invalid(string what, string found, string expected) =>
        TalosErrors.TalosCredentialInvalid.New($"'{what}' {found}; expected {expected}.", what);
}
