using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Core.Talos;

/// <summary>What a context needs to prove who it is and to judge who answers. Parsed once, checked offline.</summary>
internal sealed class TalosCredentials
{
    private readonly string _context;

    private TalosCredentials(
        string context,
        IReadOnlyList<X509Certificate> authorities,
        IReadOnlyList<X509Certificate> chain,
        AsymmetricKeyParameter? key,
        string fingerprint
    )
    {
        _context = context;
        Authorities = authorities;
        Chain = chain;
        Key = key;
        Fingerprint = fingerprint;
    }

    /// <summary>The CAs that server certificates must lead to; empty for those of the system.</summary>
    internal IReadOnlyList<X509Certificate> Authorities { get; }

    /// <summary>The client's certificate and its intermediates; empty for none.</summary>
    internal IReadOnlyList<X509Certificate> Chain { get; }

    /// <summary>The client's key; null for none.</summary>
    internal AsymmetricKeyParameter? Key { get; }

    /// <summary>Tells contexts with different credentials apart; a digest, so safe to keep.</summary>
    internal string Fingerprint { get; }

    /// <summary>The roles that Talos reads from the certificate: the values of O in its subject.</summary>
    internal IReadOnlyList<string> Roles =>
        Chain.Count == 0 ? [] : [.. Chain[0].SubjectDN.GetValueList(Org.BouncyCastle.Asn1.X509.X509Name.O)];

    internal static TalosCredentials Create(TalosConfigContext context)
    {
        string at = context.Source is null ? $"contexts.{context.Name}" : $"{context.Source}: contexts.{context.Name}";
        List<X509Certificate> authorities = context.Ca is null
            ? []
            : TalosPem.Certificates(TalosPem.Unwrap(context.Ca, $"{at}.ca"), $"{at}.ca");
        if (context.Certificate is null && context.Key is null)
            return new TalosCredentials(context.Name, authorities, [], null, Digest(context));

        if (context.Certificate is null || context.Key is null)
        {
            throw TalosErrors.TalosCredentialInvalid.New(
                $"'{at}' has '{(context.Key is null ? "crt" : "key")}' but no '{(context.Key is null ? "key" : "crt")}'; "
                    + "expected both or neither.",
                context.Name
            );
        }

        List<X509Certificate> chain = TalosPem.Certificates(
            TalosPem.Unwrap(context.Certificate, $"{at}.crt"),
            $"{at}.crt"
        );
        AsymmetricKeyParameter key = TalosPem.PrivateKey(TalosPem.Unwrap(context.Key, $"{at}.key"), $"{at}.key");
        if (!Belongs(chain[0], key))
        {
            throw TalosErrors.TalosCredentialMismatch.New(
                $"'{at}.key' is not the key of the certificate in '{at}.crt'.",
                context.Name
            );
        }

        return new TalosCredentials(context.Name, authorities, chain, key, Digest(context));
    }

    /// <summary>Refuses a client certificate that the node would refuse, with the date.</summary>
    internal void CheckDates(DateTimeOffset now)
    {
        if (Chain.Count == 0)
            return;
        DateTime from = Chain[0].NotBefore.ToUniversalTime();
        DateTime until = Chain[0].NotAfter.ToUniversalTime();
        if (now.UtcDateTime > until)
        {
            throw TalosErrors.TalosClientCertificateExpired.New(
                $"The client certificate of the context '{_context}' expired on {Date(until)}; it is {Date(now.UtcDateTime)} now.",
                _context
            );
        }

        if (now.UtcDateTime < from)
        {
            throw TalosErrors.TalosClientCertificateNotYetValid.New(
                $"The client certificate of the context '{_context}' is valid from {Date(from)}; it is {Date(now.UtcDateTime)} now.",
                _context
            );
        }
    }

    private static string Date(DateTime time) => time.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Digest(TalosConfigContext context) =>
        Convert.ToHexString(
            SHA256.HashData(
                Encoding.UTF8.GetBytes(
                    $"{context.Ca}\n{context.Certificate}\n{context.Key}\n{context.BasicAuthorization}\n{context.Cluster}"
                )
            )
        );

    /// <summary>Whether a key is the one of a certificate.</summary>
    internal static bool Belongs(X509Certificate certificate, AsymmetricKeyParameter key)
    {
        AsymmetricKeyParameter owner;
        try
        {
            owner = certificate.GetPublicKey();
        }
        catch (Exception e) when (TalosPem.IsMalformed(e))
        {
            // A certificate whose own key cannot be read is no key's.
            return false;
        }

        return key switch
        {
            // By bytes: the class inherits an Equals that only compares whether both are public.
            Ed25519PrivateKeyParameters ed => owner is Ed25519PublicKeyParameters point25519
                && point25519.GetEncoded().AsSpan().SequenceEqual(ed.GeneratePublicKey().GetEncoded()),
            ECPrivateKeyParameters ec => owner is ECPublicKeyParameters point
                && point.Q.Equals(ec.Parameters.G.Multiply(ec.D).Normalize()),
            RsaPrivateCrtKeyParameters rsa => owner is RsaKeyParameters modulus
                && modulus.Modulus.Equals(rsa.Modulus)
                && modulus.Exponent.Equals(rsa.PublicExponent),
            _ => false,
        };
    }
}
