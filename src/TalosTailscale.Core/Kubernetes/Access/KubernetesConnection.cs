using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using TalosTailscale.Core.Talos;
using KubernetesApi = k8s.Kubernetes;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// A connection to one Kubernetes API server as one user: where it is, who we are, and the handler that every request
/// and every exec stream goes through. Safe to use from several threads.
/// </summary>
public sealed class KubernetesConnection : IDisposable
{
    private readonly SocketsHttpHandler _handler;
    private readonly KubernetesIdentity _identity;
    private readonly HashSet<string> _authorities;
    private readonly ClientIdentity? _certificate;

    private KubernetesConnection(
        KubeconfigChoice choice,
        string source,
        bool ownTls = false,
        Func<string, string?>? variable = null
    )
    {
        Source = source;
        Choice = choice;
        Context = choice.Context;
        Server = ParseServer(choice, source);
        UserAgent = "talos-tailscale/" + typeof(KubernetesConnection).Assembly.GetName().Version?.ToString(3);
        X509Certificate2Collection authorities = Authorities(choice.Cluster, source);
        _authorities = [.. authorities.Select(one => one.Thumbprint)];
        _certificate = Certificate(choice.User, source);
        var wire = new KubernetesWire(
            Server,
            ProxyChoice.For(Server, choice.Cluster.ProxyUrl, source, variable ?? Environment.GetEnvironmentVariable),
            new KubernetesTls(
                new ServerTrust(
                    authorities,
                    choice.Cluster.TlsServerName is { Length: > 0 } name ? name : Server.IdnHost
                ),
                TlsIdentity,
                ownTls || !KubernetesTls.SystemHasTls13
            )
        );
        _identity = new KubernetesIdentity(choice, Server, source, UserAgent);
        SocketsHttpHandler? handler = null;
        Api = new KubernetesApi(
            new KubernetesClientConfiguration
            {
                Host = Server.ToString(),
                SslCaCerts = [], // the library wants some, and asks nobody with them: trust is the wire's business
                DisableHttp2 = true, // one request cut or stalled must not take the others of its connection along
                FirstMessageHandlerSetup = h => handler = h,
            },
            _identity,
            new WholeAnswer()
        );
        _handler = handler ?? throw new InvalidOperationException("KubernetesClient made no SocketsHttpHandler.");
        _handler.ConnectCallback = wire.ConnectAsync;
        _handler.ConnectTimeout = RequestTimeout;
        _handler.UseProxy = false;
        _handler.AllowAutoRedirect = false;
        _handler.UseCookies = false;
        _handler.RequestHeaderEncodingSelector = (name, _) => RepeatedHeader.For(name);
        _handler.PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1);
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

    /// <summary>What was taken of the kubeconfig.</summary>
    internal KubeconfigChoice Choice { get; }

    internal KubernetesApi Api { get; }

    /// <summary>What every request goes through, for those that the client library does not make.</summary>
    internal HttpMessageHandler Handler => _identity;

    internal string UserAgent { get; }

    /// <summary>
    /// Opens the kubeconfig at <paramref name="path"/>; without one those of <c>$env:KUBECONFIG</c>, merged as kubectl
    /// does, and else <c>~/.kube/config</c>. Nothing is sent yet.
    /// </summary>
    /// <param name="path">File; null to look it up.</param>
    /// <param name="context">Name of the context; null for the current one.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="TsException">KubeconfigNotFound, KubeconfigInvalid, KubeconfigContextNotFound or KubeconfigInsecure.</exception>
    public static KubernetesConnection Open(string? path = null, string? context = null) =>
        OpenIn(path, context, Environment.GetEnvironmentVariable);

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
    ) => Of(KubeconfigReader.Read(kubeconfig, source, null), source, context);

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
    ) => Of(FetchedKubeconfig.Parse(kubeconfig, source), source, context);

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
        Api.Dispose();
        _identity.Dispose();
        _handler.Dispose();
    }

    /// <summary>Whether an entry of a kubeconfig with this <c>certificate-authority-data</c> is of the same cluster.</summary>
    internal bool IsOfAuthority(string base64)
    {
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(base64)));
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

    /// <summary>Has credentials ready that a program or a person has to give, before the deadline of a request runs.</summary>
    /// <exception cref="TsException">KubeconfigPluginFailed.</exception>
    internal Task PrepareAsync(CancellationToken cancellationToken) => _identity.PrepareAsync(cancellationToken);

    /// <summary>Opens a kubeconfig that has been read.</summary>
    internal static KubernetesConnection Of(KubeconfigFile kubeconfig, string source, string? context) =>
        new(Kubeconfig.Choose(kubeconfig, context, source), source);

    /// <summary>Opens it with variables of the environment that are not the process's, or with our own TLS in any case.</summary>
    internal static KubernetesConnection OpenIn(
        string? path,
        string? context,
        Func<string, string?> variable,
        bool ownTls = false
    )
    {
        var files = Kubeconfig.Locate(path, variable);
        var source = string.Join(Path.PathSeparator, files);
        return new KubernetesConnection(
            Kubeconfig.Choose(Kubeconfig.Read(files), context, source),
            source,
            ownTls,
            variable
        );
    }

    // A certificate of the kubeconfig wins over a plugin's, which may change while the connection lasts.
    private ClientIdentity? TlsIdentity() =>
        _certificate is not null || _identity.Plugin?.Last is not { Certificate.Length: > 0 } given
            ? _certificate
            : ClientIdentity.Read(
                Encoding.ASCII.GetBytes(given.Certificate),
                Encoding.ASCII.GetBytes(given.Key),
                Source
            );

    private static ClientIdentity? Certificate(KubeconfigUser user, string source)
    {
        byte[] certificate = KubernetesFiles.Read(user.CertificateFile, user.CertificateData, source);
        return certificate.Length == 0
            ? null
            : ClientIdentity.Read(certificate, KubernetesFiles.Read(user.KeyFile, user.KeyData, source), source);
    }

    // Without any it is the system that trusts.
    private static X509Certificate2Collection Authorities(KubeconfigCluster cluster, string source)
    {
        byte[] pem = KubernetesFiles.Read(cluster.AuthorityFile, cluster.AuthorityData, source);
        var found = new X509Certificate2Collection();
        if (pem.Length == 0)
            return found;
        foreach ((string label, byte[] body) in TalosPem.Blocks(Encoding.ASCII.GetString(pem)))
            if (label == TalosPem.Certificate && Certificate(body) is { } one)
                found.Add(one);
        return found.Count > 0
            ? found
            : throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{source}' has a certificate authority without any certificate in PEM.",
                source
            );
    }

    private static X509Certificate2? Certificate(byte[] body)
    {
        try
        {
            return new X509Certificate2(body);
        }
        catch (CryptographicException)
        {
            // As Go: what is no certificate is passed over, what is one counts.
            return null;
        }
    }

    private static Uri ParseServer(KubeconfigChoice choice, string source)
    {
        KubeconfigCluster cluster = choice.Cluster;
        // As client-go: an address without a scheme is one without TLS.
        string address = cluster.Server.Contains("://", StringComparison.Ordinal)
            ? cluster.Server
            : "http://" + cluster.Server;
        if (
            !Uri.TryCreate(address, UriKind.Absolute, out var server)
            || server.Scheme is not ("http" or "https")
            || !HasHost(server)
        )
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{source}' has the server '{cluster.Server}', expected an https address.",
                source
            );
        if (server.Scheme != Uri.UriSchemeHttps || cluster.Insecure)
            throw KubernetesErrors.KubeconfigInsecure.New(
                $"The kubeconfig '{source}' reaches '{server}' without verifying it, expected TLS with a certificate authority.",
                source
            );
        return server;
    }

    private static bool HasHost(Uri server)
    {
        try
        {
            return server.IdnHost.Length > 0;
        }
        catch (UriFormatException)
        {
            // Letters that no host's name may have are found when it is first asked for.
            return false;
        }
    }
}
