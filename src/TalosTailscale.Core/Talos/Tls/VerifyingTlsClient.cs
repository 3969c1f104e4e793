using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using X509Certificate = Org.BouncyCastle.X509.X509Certificate;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// A client's side of a TLS handshake where the system's TLS cannot be used: 1.3 or 1.2, authenticated encryption with
/// forward secrecy only, a client certificate of any kind that Talos or Kubernetes may have.
/// </summary>
internal abstract class VerifyingTlsClient(
    BcTlsCrypto crypto,
    IReadOnlyList<X509Certificate> chain,
    AsymmetricKeyParameter? key,
    string? serverName
) : DefaultTlsClient(crypto)
{
    // No CBC, which has to be decrypted with care, and no static RSA, which anybody who gets the key later can read.
    private static readonly int[] s_suites =
    [
        CipherSuite.TLS_AES_128_GCM_SHA256,
        CipherSuite.TLS_AES_256_GCM_SHA384,
        CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];

    /// <inheritdoc/>
    public override TlsAuthentication GetAuthentication() => new Authentication(this);

    /// <inheritdoc/>
    public override ProtocolVersion[] GetProtocolVersions() => ProtocolVersion.TLSv13.DownTo(ProtocolVersion.TLSv12);

    /// <summary>Judges what the server sent as DER, its own certificate first; throws to refuse it.</summary>
    protected abstract void Verify(IReadOnlyList<byte[]> presented);

    /// <inheritdoc/>
    protected override ProtocolVersion[] GetSupportedVersions() =>
        ProtocolVersion.TLSv13.DownTo(ProtocolVersion.TLSv12);

    /// <inheritdoc/>
    protected override int[] GetSupportedCipherSuites() => TlsUtilities.GetSupportedCipherSuites(Crypto, s_suites);

    /// <inheritdoc/>
    protected override IList<ServerName>? GetSniServerNames() =>
        serverName is null ? null : [new ServerName(NameType.host_name, Encoding.ASCII.GetBytes(serverName))];

    private BcDefaultTlsCredentialedSigner? Sign(CertificateRequest request)
    {
        if (key is null)
            return null;
        SignatureAndHashAlgorithm? algorithm = Algorithms(key)
            .FirstOrDefault(wanted =>
                request.SupportedSignatureAlgorithms?.Any(offered => offered.Equals(wanted)) ?? true
            );
        if (algorithm is null)
            return null;

        TlsCertificate[] certificates =
        [
            .. chain.Select(certificate => crypto.CreateCertificate(certificate.GetEncoded())),
        ];
        bool v13 = TlsUtilities.IsTlsV13(m_context);
        Certificate message = v13
            ? new Certificate(
                request.GetCertificateRequestContext(),
                [.. certificates.Select(c => new CertificateEntry(c, null))]
            )
            : new Certificate(certificates);
        return new BcDefaultTlsCredentialedSigner(new TlsCryptoParameters(m_context), crypto, key, message, algorithm);
    }

    private static SignatureAndHashAlgorithm[] Algorithms(AsymmetricKeyParameter key) =>
        key switch
        {
            Ed25519PrivateKeyParameters => [SignatureAndHashAlgorithm.ed25519],
            ECPrivateKeyParameters ec =>
            [
                ec.Parameters.N.BitLength switch
                {
                    <= 256 => new SignatureAndHashAlgorithm(HashAlgorithm.sha256, SignatureAlgorithm.ecdsa),
                    <= 384 => new SignatureAndHashAlgorithm(HashAlgorithm.sha384, SignatureAlgorithm.ecdsa),
                    _ => new SignatureAndHashAlgorithm(HashAlgorithm.sha512, SignatureAlgorithm.ecdsa),
                },
            ],
            _ =>
            [
                SignatureAndHashAlgorithm.rsa_pss_rsae_sha256,
                SignatureAndHashAlgorithm.rsa_pss_rsae_sha384,
                new SignatureAndHashAlgorithm(HashAlgorithm.sha256, SignatureAlgorithm.rsa),
            ],
        };

    private sealed class Authentication(VerifyingTlsClient client) : TlsAuthentication
    {
        public void NotifyServerCertificate(TlsServerCertificate serverCertificate) =>
            client.Verify([.. serverCertificate.Certificate.GetCertificateList().Select(one => one.GetEncoded())]);

        public TlsCredentials? GetClientCredentials(CertificateRequest certificateRequest) =>
            client.Sign(certificateRequest);
    }
}
