using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Security.Certificates;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using Certificate = Org.BouncyCastle.Tls.Certificate;
using X509Certificate = Org.BouncyCastle.X509.X509Certificate;

namespace TalosTailscale.Lab.Pki;

/// <summary>
/// The server end of one TLS connection as apid has it: TLS 1.3 or 1.2, ALPN h2, a client certificate required, of the
/// Talos CA, and for clientAuth only (siderolabs/talos pkg/grpc/middleware, siderolabs/crypto tls).
/// </summary>
internal sealed class LabTlsServer(LabCertificate identity, LabAuthority clients, ProtocolVersion[] versions)
    : DefaultTlsServer(new BcTlsCrypto(new SecureRandom()))
{
    /// <summary>The roles in the client certificate's O, once it has been verified.</summary>
    internal IReadOnlyList<string> Roles { get; private set; } = [];

    internal TaskCompletionSource HandshakeDone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override TlsCredentials GetCredentials()
    {
        var crypto = (BcTlsCrypto)Crypto;
        var leaf = crypto.CreateCertificate(identity.Certificate.GetEncoded());
        var certificate = TlsUtilities.IsTlsV13(m_context)
            ? new Certificate(TlsUtilities.EmptyBytes, [new CertificateEntry(leaf, null)])
            : new Certificate([leaf]);
        return new BcDefaultTlsCredentialedSigner(
            new TlsCryptoParameters(m_context),
            crypto,
            identity.PrivateKey,
            certificate,
            Scheme()
        );
    }

    public override CertificateRequest GetCertificateRequest()
    {
        var algorithms = TlsUtilities.GetDefaultSupportedSignatureAlgorithms(m_context);
        X509Name[] authorities = [clients.Certificate.Certificate.SubjectDN];
        return TlsUtilities.IsTlsV13(m_context)
            ? new CertificateRequest(TlsUtilities.EmptyBytes, algorithms, null, authorities)
            : new CertificateRequest(
                [ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign],
                algorithms,
                authorities
            );
    }

    public override void NotifyClientCertificate(Certificate clientCertificate)
    {
        if (clientCertificate.IsEmpty)
        {
            throw new TlsFatalAlert(
                TlsUtilities.IsTlsV13(m_context)
                    ? AlertDescription.certificate_required
                    : AlertDescription.bad_certificate
            );
        }

        var leaf = new X509Certificate(clientCertificate.GetCertificateAt(0).GetEncoded());
        Verify(leaf);
        Roles = [.. leaf.SubjectDN.GetValueList(X509Name.O)];
    }

    public override void NotifyHandshakeComplete()
    {
        base.NotifyHandshakeComplete();
        HandshakeDone.TrySetResult();
    }

    protected override ProtocolVersion[] GetSupportedVersions() => versions;

    // In TLS 1.2 the suite says which kind of key signs; Ed25519 counts as ECDSA (RFC 8422).
    protected override int[] GetSupportedCipherSuites() =>
        [
            CipherSuite.TLS_AES_128_GCM_SHA256,
            CipherSuite.TLS_AES_256_GCM_SHA384,
            CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
            .. identity.Algorithm == LabKeyAlgorithm.Rsa
                ? (int[])
                    [
                        CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                        CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                    ]
                :
                [
                    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                ],
        ];

    protected override IList<ProtocolName> GetProtocolNames() => [ProtocolName.Http_2_Tls];

    // The alerts are those of Go's crypto/tls for each failure of x509.Certificate.Verify.
    private void Verify(X509Certificate leaf)
    {
        var authority = clients.Certificate.Certificate;
        if (!leaf.IssuerDN.Equivalent(authority.SubjectDN) || !leaf.IsSignatureValid(authority.GetPublicKey()))
            throw new TlsFatalAlert(AlertDescription.unknown_ca);
        try
        {
            leaf.CheckValidity();
        }
        catch (GeneralSecurityException e) when (e is CertificateExpiredException or CertificateNotYetValidException)
        {
            throw new TlsFatalAlert(AlertDescription.certificate_expired, e);
        }

        var purposes = leaf.GetExtendedKeyUsage();
        if (purposes is not [var only] || !only.Equals(KeyPurposeID.id_kp_clientAuth))
            throw new TlsFatalAlert(AlertDescription.bad_certificate);
    }

    private SignatureAndHashAlgorithm Scheme() =>
        SignatureScheme.GetSignatureAndHashAlgorithm(
            identity.Algorithm switch
            {
                LabKeyAlgorithm.EcdsaP256 => SignatureScheme.ecdsa_secp256r1_sha256,
                LabKeyAlgorithm.Rsa => SignatureScheme.rsa_pss_rsae_sha256,
                _ => SignatureScheme.ed25519,
            }
        );
}
