using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using X509Certificate = Org.BouncyCastle.X509.X509Certificate;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// The client's side of a handshake with apid: TLS 1.3 or 1.2, ALPN h2, a client certificate of any kind that Talos's
/// PKI may have. The operating system's TLS cannot be used: .NET has no Ed25519 private keys (dotnet/runtime#63174).
/// </summary>
internal sealed class TalosTlsClient(
    BcTlsCrypto crypto,
    TalosCredentials credentials,
    TalosEndpoint endpoint,
    TimeProvider clock
) : DefaultTlsClient(crypto)
{
    /// <summary>Why the server's certificate was refused; null when it was not.</summary>
    internal TsException? Refusal { get; private set; }

    /// <summary>Told of every alert with which the server ended the session, at any time.</summary>
    internal Action<TlsFatalAlertReceived>? Alerted { get; init; }

    /// <inheritdoc/>
    public override TlsAuthentication GetAuthentication() => new Authentication(this);

    /// <inheritdoc/>
    public override void NotifyAlertReceived(short alertLevel, short alertDescription)
    {
        base.NotifyAlertReceived(alertLevel, alertDescription);
        if (alertLevel == AlertLevel.fatal)
            Alerted?.Invoke(new TlsFatalAlertReceived(alertDescription));
    }

    /// <inheritdoc/>
    public override ProtocolVersion[] GetProtocolVersions() => ProtocolVersion.TLSv13.DownTo(ProtocolVersion.TLSv12);

    /// <inheritdoc/>
    protected override ProtocolVersion[] GetSupportedVersions() =>
        ProtocolVersion.TLSv13.DownTo(ProtocolVersion.TLSv12);

    /// <inheritdoc/>
    protected override IList<ProtocolName> GetProtocolNames() => [ProtocolName.Http_2_Tls];

    /// <inheritdoc/>
    protected override IList<ServerName>? GetSniServerNames() =>
        endpoint.Address is null ? [new ServerName(NameType.host_name, Encoding.ASCII.GetBytes(endpoint.Host))] : null;

    private void Verify(TlsServerCertificate server)
    {
        try
        {
            var chain = new List<X509Certificate>();
            foreach (TlsCertificate certificate in server.Certificate.GetCertificateList())
                chain.Add(new X509Certificate(certificate.GetEncoded()));
            new ServerCertificateVerifier(credentials.Authorities, endpoint, clock.GetUtcNow()).Verify(chain);
        }
        catch (TsException e)
        {
            Refusal = e;
            throw new TlsFatalAlert(Alert(e.Error), e);
        }
        catch (Exception e)
            when (e
                    is ArgumentException
                        or GeneralSecurityException
                        or InvalidOperationException
                        or InvalidCastException
                        or FormatException
            )
        {
            Refusal = TalosErrors.TalosServerCertificateInvalid.New(
                $"The certificate of '{endpoint}' cannot be read: {e.Message}",
                endpoint.ToString(),
                e
            );
            throw new TlsFatalAlert(AlertDescription.bad_certificate, e);
        }
    }

    private static short Alert(TsError error) =>
        error == TalosErrors.TalosServerNotTrusted ? AlertDescription.unknown_ca
        : error == TalosErrors.TalosServerCertificateExpired ? AlertDescription.certificate_expired
        : AlertDescription.bad_certificate;

    private BcDefaultTlsCredentialedSigner? Sign(CertificateRequest request)
    {
        if (credentials.Key is null)
            return null;
        SignatureAndHashAlgorithm? algorithm = Algorithms(credentials.Key)
            .FirstOrDefault(wanted =>
                request.SupportedSignatureAlgorithms?.Any(offered => offered.Equals(wanted)) ?? true
            );
        if (algorithm is null)
            return null;

        TlsCertificate[] certificates =
        [
            .. credentials.Chain.Select(certificate => crypto.CreateCertificate(certificate.GetEncoded())),
        ];
        bool v13 = TlsUtilities.IsTlsV13(m_context);
        Certificate message = v13
            ? new Certificate(
                request.GetCertificateRequestContext(),
                [.. certificates.Select(c => new CertificateEntry(c, null))]
            )
            : new Certificate(certificates);
        return new BcDefaultTlsCredentialedSigner(
            new TlsCryptoParameters(m_context),
            crypto,
            credentials.Key,
            message,
            algorithm
        );
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

    private sealed class Authentication(TalosTlsClient client) : TlsAuthentication
    {
        public void NotifyServerCertificate(TlsServerCertificate serverCertificate) => client.Verify(serverCertificate);

        public TlsCredentials? GetClientCredentials(CertificateRequest certificateRequest) =>
            client.Sign(certificateRequest);
    }
}
