using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// TLS to one server: the system's, or our own where the system has no TLS 1.3, below which Talos 1.14 does not go, or does
/// not know the kind of the client's key. Both judge the server by the same rule.
/// </summary>
internal sealed class KubernetesTls(ServerTrust trust, Func<ClientIdentity?> identity, bool own)
{
    private const int WindowsServer2022 = 20348;
    private const long OpenSsl111 = 0x10101000;

    private static readonly BcTlsCrypto s_crypto = new(new SecureRandom());

    // As in VerifyingTlsClient; the third list is what .NET calls them.
    private static readonly TlsCipherSuite[] s_suites =
    [
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];

    /// <summary>Whether the system's TLS speaks 1.3: not on macOS, nor on Windows before 11 and Server 2022.</summary>
    internal static bool SystemHasTls13 { get; } =
        OperatingSystem.IsWindows()
            ? Environment.OSVersion.Version.Build >= WindowsServer2022
            : OperatingSystem.IsLinux() && SafeEvpPKeyHandle.OpenSslVersion >= OpenSsl111;

    /// <summary>TLS to a proxy, which the system has to trust.</summary>
    internal static KubernetesTls ForProxy(Uri proxy) =>
        new(new ServerTrust([], proxy.IdnHost), () => null, !SystemHasTls13);

    /// <summary>Shakes hands over a connection.</summary>
    /// <exception cref="AuthenticationException">The server is not the one that it should be.</exception>
    /// <exception cref="IOException">There was no handshake.</exception>
    internal async ValueTask<Stream> ConnectAsync(Stream connection, CancellationToken cancellationToken)
    {
        ClientIdentity? client = identity();
        return own || client is { System: null }
            ? await OwnAsync(connection, client, cancellationToken).ConfigureAwait(false)
            : await SystemAsync(connection, client, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<Stream> SystemAsync(
        Stream connection,
        ClientIdentity? client,
        CancellationToken cancellationToken
    )
    {
        AuthenticationException? refusal = null;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = trust.Name,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateContext = client?.System,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = new X509ChainPolicy
            {
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                try
                {
                    trust.Verify((X509Certificate2)certificate!, chain?.ChainPolicy.ExtraStore ?? []);
                    return true;
                }
                catch (AuthenticationException e)
                {
                    refusal = e;
                    return false;
                }
            },
        };
        if (!OperatingSystem.IsWindows() && !OperatingSystem.IsAndroid())
            options.CipherSuitesPolicy = new CipherSuitesPolicy(s_suites);
        var stream = new SslStream(connection);
        try
        {
            await stream.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            // Windows has one list for the whole machine, so there it is looked at afterwards.
            return s_suites.Contains(stream.NegotiatedCipherSuite)
                ? stream
                : throw new IOException($"the server chose {stream.NegotiatedCipherSuite}, which is not accepted");
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (refusal is not null)
                throw refusal;
            if (e is AuthenticationException)
                throw new IOException($"the TLS handshake failed: {(e.InnerException ?? e).Message}", e);
            throw;
        }
    }

    private async ValueTask<Stream> OwnAsync(
        Stream connection,
        ClientIdentity? client,
        CancellationToken cancellationToken
    )
    {
        var side = new Client(trust, client);
        var protocol = new TlsClientProtocol();
        var stream = new TlsStream(connection, protocol);
        try
        {
            protocol.Connect(side);
            await stream.HandshakeAsync(cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (side.Refusal is { } refusal)
                throw refusal;
            if (e is TlsException)
                throw new IOException($"the TLS handshake failed: {e.Message}", e);
            throw;
        }
    }

    private sealed class Client(ServerTrust trust, ClientIdentity? client)
        : VerifyingTlsClient(
            s_crypto,
            client?.Chain ?? [],
            client?.Key,
            System.Net.IPAddress.TryParse(trust.Name, out _) ? null : trust.Name
        )
    {
        internal AuthenticationException? Refusal { get; private set; }

        protected override IList<ProtocolName> GetProtocolNames() => [ProtocolName.Http_1_1];

        protected override void Verify(IReadOnlyList<byte[]> presented)
        {
            var all = new X509Certificate2Collection();
            try
            {
                foreach (byte[] one in presented)
                    all.Add(new X509Certificate2(one));
                if (all.Count == 0)
                    throw new AuthenticationException("the server sent no certificate");
                trust.Verify(all[0], [.. all.Skip(1)]);
            }
            catch (Exception e) when (e is AuthenticationException or CryptographicException)
            {
                Refusal =
                    e as AuthenticationException
                    ?? new AuthenticationException($"the certificate cannot be read: {e.Message}", e);
                throw new TlsFatalAlert(AlertDescription.bad_certificate, e);
            }
            finally
            {
                foreach (X509Certificate2 one in all)
                    one.Dispose();
            }
        }
    }
}
