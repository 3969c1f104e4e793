using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s;
using KubernetesApi = k8s.Kubernetes;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// A connection to one Kubernetes API server as one user: where it is, who we are, and the handler that every request
/// and every exec stream goes through. Safe to use from several threads.
/// </summary>
public sealed class KubernetesConnection : IDisposable
{
    private static readonly TimeSpan s_keepAlive = TimeSpan.FromSeconds(20);

    private readonly SocketsHttpHandler _handler;
    private readonly string? _hostHeader;
    private readonly HashSet<string> _authorities;

    private KubernetesConnection(KubernetesClientConfiguration config, string source)
    {
        Source = source;
        Server = ParseServer(config, source);
        Context = config.CurrentContext ?? "";
        _authorities = [.. (config.SslCaCerts ?? []).Select(one => one.Thumbprint)];
        UserAgent = config.UserAgent =
            "talos-tailscale/" + typeof(KubernetesConnection).Assembly.GetName().Version?.ToString(3);
        config.DisableHttp2 = true; // one request cut or stalled must not take the others of its connection along
        SocketsHttpHandler? handler = null;
        config.FirstMessageHandlerSetup = h => handler = h;
        try
        {
            Api = new KubernetesApi(config);
        }
        catch (Exception e)
            when (e
                    is CryptographicException
                        or IOException
                        or UnauthorizedAccessException
                        or KubernetesException
                        or FormatException
                        or ArgumentException
            )
        {
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{source}' has a client certificate or key that cannot be read.",
                source,
                e
            );
        }
        _handler = handler ?? throw new InvalidOperationException("KubernetesClient made no SocketsHttpHandler.");
        _handler.SslOptions = TlsOptions(config, _handler.SslOptions.LocalCertificateSelectionCallback);
        _handler.ConnectCallback = ConnectAsync;
        _handler.PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1);
        _hostHeader = string.IsNullOrEmpty(config.TlsServerName) ? null : config.TlsServerName;
        Invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
    }

    /// <summary>Address of the API server.</summary>
    public Uri Server { get; }

    /// <summary>Name of the context that was taken.</summary>
    public string Context { get; }

    /// <summary>Where the kubeconfig came from: its path, or what the caller said of its bytes.</summary>
    public string Source { get; }

    /// <summary>How long one request that is no watch and no exec may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a command in a pod may neither take nor give a byte; hashing a large image on a slow disk is silent.</summary>
    internal TimeSpan ExecStallLimit { get; set; } = TimeSpan.FromMinutes(5);

    internal KubernetesApi Api { get; }

    internal HttpMessageInvoker Invoker { get; }

    internal string UserAgent { get; }

    /// <summary>
    /// Opens the kubeconfig at <paramref name="path"/>; without one those of <c>$env:KUBECONFIG</c>, merged as kubectl
    /// does, and else <c>~/.kube/config</c>. Nothing is sent yet.
    /// </summary>
    /// <param name="path">File; null to look it up.</param>
    /// <param name="context">Name of the context; null for the current one.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="TsException">KubeconfigNotFound, KubeconfigInvalid, KubeconfigContextNotFound or KubeconfigInsecure.</exception>
    public static KubernetesConnection Open(string? path = null, string? context = null)
    {
        var files = Kubeconfig.Locate(path);
        var source = string.Join(Path.PathSeparator, files);
        return new KubernetesConnection(Kubeconfig.Build(Kubeconfig.Read(files), context, source), source);
    }

    /// <summary>Opens a kubeconfig of the user's own that is held in memory.</summary>
    /// <param name="kubeconfig">The YAML text as bytes.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="context">Name of the context; null for the current one.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="TsException">KubeconfigInvalid, KubeconfigContextNotFound or KubeconfigInsecure.</exception>
    public static KubernetesConnection FromBytes(
        ReadOnlyMemory<byte> kubeconfig,
        string source,
        string? context = null
    ) => new(Kubeconfig.Build(Kubeconfig.Parse(kubeconfig, source), context, source), source);

    /// <summary>
    /// Opens the kubeconfig that a control plane node handed out: data of which nothing is taken but server, authority,
    /// certificate and key.
    /// </summary>
    /// <param name="kubeconfig">The YAML text as bytes.</param>
    /// <param name="source">What to call it in messages (<c>the Talos API</c>).</param>
    /// <param name="context">Name of the context; null for the current one.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="TsException">KubeconfigFromNodeRefused, KubeconfigInvalid, KubeconfigContextNotFound or KubeconfigInsecure.</exception>
    public static KubernetesConnection FromNode(
        ReadOnlyMemory<byte> kubeconfig,
        string source,
        string? context = null
    ) => new(Kubeconfig.Build(FetchedKubeconfig.Parse(kubeconfig, source), context, source), source);

    /// <summary>The contexts of the kubeconfig that <see cref="Open"/> would take, with their servers, for completion.</summary>
    /// <param name="path">File; null to look it up.</param>
    /// <returns>Names and servers; none where no kubeconfig can be read.</returns>
    public static IReadOnlyList<(string Name, string Server)> Contexts(string? path = null) =>
        Kubeconfig.Contexts(path);

    /// <summary>The files that <see cref="Open"/> looks for when none is named, there or not.</summary>
    /// <returns>Their paths.</returns>
    public static IReadOnlyList<string> DefaultFiles() => Kubeconfig.DefaultFiles();

    /// <summary>True when <see cref="Open"/> would find a kubeconfig file.</summary>
    /// <returns>Whether one is there.</returns>
    public static bool HasDefault() => Kubeconfig.DefaultFiles().Any(File.Exists);

    /// <inheritdoc/>
    public void Dispose()
    {
        Invoker.Dispose();
        Api.Dispose();
        _handler.Dispose();
    }

    /// <summary>Whether an entry of a kubeconfig with this <c>certificate-authority-data</c> is of the same cluster.</summary>
    internal bool IsOfAuthority(string base64)
    {
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPem(System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(base64)));
            return found.Any(one => _authorities.Contains(one.Thumbprint));
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            // What cannot be read is of nobody.
            return false;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Context.Length == 0 ? Server.ToString() : $"{Context} ({Server})";

    /// <summary>The headers that authenticate a request, for the exec stream, which is no request of the client library.</summary>
    internal async Task<IReadOnlyList<KeyValuePair<string, string>>> HeadersAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Server);
        if (Api.Credentials is { } credentials)
            await credentials.ProcessHttpRequestAsync(request, cancellationToken).ConfigureAwait(false);
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var (name, values) in request.Headers)
            headers.Add(new(name, string.Join(", ", values)));
        if (_hostHeader is not null && !headers.Exists(h => h.Key.Equals("Host", StringComparison.OrdinalIgnoreCase)))
            headers.Add(new("Host", _hostHeader));
        return headers;
    }

    private static Uri ParseServer(KubernetesClientConfiguration config, string source)
    {
        if (!Uri.TryCreate(config.Host, UriKind.Absolute, out var server))
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{source}' has the server '{config.Host}', expected an https address.",
                source
            );
        if (server.Scheme != Uri.UriSchemeHttps || config.SkipTlsVerify)
            throw KubernetesErrors.KubeconfigInsecure.New(
                $"The kubeconfig '{source}' reaches '{server}' without verifying it, expected TLS with a certificate authority.",
                source
            );
        return server;
    }

    // The library's own check takes a certificate for any host name once the authority matches, hence the platform's.
    private static SslClientAuthenticationOptions TlsOptions(
        KubernetesClientConfiguration config,
        LocalCertificateSelectionCallback? clientCertificate
    )
    {
        var options = new SslClientAuthenticationOptions
        {
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            LocalCertificateSelectionCallback = clientCertificate,
        };
        if (config.SslCaCerts is { Count: > 0 } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        return options;
    }

    // A peer that vanished without a word (a rebooted node, a dropped NAT entry) is noticed within about a minute.
    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken
    )
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(
                SocketOptionLevel.Tcp,
                SocketOptionName.TcpKeepAliveTime,
                (int)s_keepAlive.TotalSeconds
            );
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
