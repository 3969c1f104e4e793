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
) : VerifyingTlsClient(crypto, credentials.Chain, credentials.Key, endpoint.Address is null ? endpoint.Host : null)
{
    /// <summary>Why the server's certificate was refused; null when it was not.</summary>
    internal TsException? Refusal { get; private set; }

    /// <summary>Told of every alert with which the server ended the session, at any time.</summary>
    internal Action<TlsFatalAlertReceived>? Alerted { get; init; }

    /// <inheritdoc/>
    public override void NotifyAlertReceived(short alertLevel, short alertDescription)
    {
        base.NotifyAlertReceived(alertLevel, alertDescription);
        if (alertLevel == AlertLevel.fatal)
            Alerted?.Invoke(new TlsFatalAlertReceived(alertDescription));
    }

    /// <inheritdoc/>
    protected override IList<ProtocolName> GetProtocolNames() => [ProtocolName.Http_2_Tls];

    /// <inheritdoc/>
    protected override void Verify(IReadOnlyList<byte[]> presented)
    {
        try
        {
            new ServerCertificateVerifier(credentials.Authorities, endpoint, clock.GetUtcNow()).Verify([
                .. presented.Select(one => new X509Certificate(one)),
            ]);
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
}
