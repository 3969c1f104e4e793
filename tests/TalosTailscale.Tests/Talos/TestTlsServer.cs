using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>The server's side of a handshake as apid does it: TLS 1.3 or 1.2, ALPN h2, client certificate required.</summary>
internal sealed class TestTlsServer(TestCertificate server, TestCertificate ca, ProtocolVersion[]? versions = null)
    : DefaultTlsServer(s_crypto)
{
    private static readonly BcTlsCrypto s_crypto = new(new SecureRandom());

    /// <summary>The client's certificate, once the handshake is done.</summary>
    public Org.BouncyCastle.X509.X509Certificate? Client { get; private set; }

    public static async Task<TlsStream> AcceptAsync(
        Stream transport,
        TestTlsServer server,
        CancellationToken cancellation
    )
    {
        var protocol = new TlsServerProtocol();
        var stream = new TlsStream(transport, protocol);
        protocol.Accept(server);
        await stream.HandshakeAsync(cancellation);
        return stream;
    }

    public override ProtocolVersion[] GetProtocolVersions() =>
        versions ?? ProtocolVersion.TLSv13.DownTo(ProtocolVersion.TLSv12);

    public override CertificateRequest GetCertificateRequest()
    {
        IList<SignatureAndHashAlgorithm> algorithms = TlsUtilities.GetDefaultSupportedSignatureAlgorithms(m_context);
        return TlsUtilities.IsTlsV13(m_context)
            ? new CertificateRequest([], algorithms, null, null)
            : new CertificateRequest(
                [ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign],
                algorithms,
                null
            );
    }

    public override void NotifyClientCertificate(Certificate clientCertificate)
    {
        if (clientCertificate.IsEmpty)
            throw new TlsFatalAlert(AlertDescription.certificate_required);
        Client = new Org.BouncyCastle.X509.X509Certificate(clientCertificate.GetCertificateAt(0).GetEncoded());
        if (!Client.IsSignatureValid(ca.Certificate.GetPublicKey()))
            throw new TlsFatalAlert(AlertDescription.unknown_ca);
        if (Client.NotAfter.ToUniversalTime() < DateTime.UtcNow)
            throw new TlsFatalAlert(AlertDescription.certificate_expired);
    }

    // In TLS 1.2 the suite says what the certificate's key is; Ed25519 counts as ECDSA (RFC 8422 §5.1.1).
    protected override int[] GetSupportedCipherSuites() =>
        [
            CipherSuite.TLS_AES_128_GCM_SHA256,
            server.Keys.Private is Org.BouncyCastle.Crypto.Parameters.RsaKeyParameters
                ? CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
                : CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        ];

    protected override ProtocolVersion[] GetSupportedVersions() => GetProtocolVersions();

    protected override IList<ProtocolName> GetProtocolNames() => [ProtocolName.Http_2_Tls];

    public override TlsCredentials GetCredentials()
    {
        TlsCertificate certificate = s_crypto.CreateCertificate(server.Certificate.GetEncoded());
        bool v13 = TlsUtilities.IsTlsV13(m_context);
        Certificate message = v13
            ? new Certificate([], [new CertificateEntry(certificate, null)])
            : new Certificate([certificate]);
        SignatureAndHashAlgorithm algorithm = server.Keys.Private switch
        {
            Org.BouncyCastle.Crypto.Parameters.Ed25519PrivateKeyParameters => SignatureAndHashAlgorithm.ed25519,
            Org.BouncyCastle.Crypto.Parameters.ECPrivateKeyParameters ec => new SignatureAndHashAlgorithm(
                ec.Parameters.N.BitLength > 256 ? HashAlgorithm.sha384 : HashAlgorithm.sha256,
                SignatureAlgorithm.ecdsa
            ),
            _ => SignatureAndHashAlgorithm.rsa_pss_rsae_sha256,
        };
        return new BcDefaultTlsCredentialedSigner(
            new TlsCryptoParameters(m_context),
            s_crypto,
            server.Keys.Private,
            message,
            algorithm
        );
    }
}
