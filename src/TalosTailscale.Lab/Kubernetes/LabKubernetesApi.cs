using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>
/// A Kubernetes API server on loopback: TLS with client certificates, discovery, nodes, pods and their kubelets, watches
/// and exec over WebSocket. Good enough for kubectl; pods run as processes of this machine.
/// </summary>
public sealed class LabKubernetesApi : IAsyncDisposable
{
    private readonly KubePki _pki = new();
    private readonly ConcurrentDictionary<ConnectionContext, bool> _connections = new();
    private readonly LabKubelet _kubelet;
    private readonly KubeTraffic _traffic = new();
    private readonly WebApplication _app;
    private readonly X509Certificate2 _admin;
    private volatile bool _down;

    private LabKubernetesApi(IEnumerable<ILabKubernetesNode> nodes, string folder, TimeProvider clock)
    {
        Store = new KubeStore(clock);
        foreach (var ns in (string[])["default", "kube-system", "kube-public", "kube-node-lease", "registry"])
            Store.Create(KubeResource.Namespaces, KubeObjects.NewNamespace(ns));
        _kubelet = new LabKubelet(Store, [.. nodes], folder, Faults);
        _admin = _pki.IssueClient("admin", "system:masters");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSockets();
        builder.WebHost.ConfigureKestrel(ConfigureKestrel);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        _app = builder.Build();
        _app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30) });
        var router = new KubeRouter(Store, _kubelet, Faults);
        _app.Run(router.HandleAsync);
    }

    /// <summary>What goes wrong.</summary>
    public LabKubernetesFaults Faults { get; } = new();

    /// <summary>Address of the server.</summary>
    public Uri Address { get; private set; } = new("https://127.0.0.1");

    /// <summary>A kubeconfig with an administrator's certificate.</summary>
    public string AdminKubeconfig => Kubeconfig(_admin, _pki.Authority);

    /// <summary>Pods that are there now, as <c>namespace/name</c>.</summary>
    public IReadOnlyList<string> Pods =>
        [.. Store.List(KubeResource.Pods, null).Items.Select(p => $"{p.Meta().Text("namespace")}/{p.Name()}")];

    /// <summary>Bytes that came to commands as standard input since the start.</summary>
    public long ExecInputBytes => _kubelet.InputBytes;

    /// <summary>Bytes on all connections, both ways, with the overhead of TLS.</summary>
    public long TransferredBytes => _traffic.Bytes;

    internal KubeStore Store { get; }

    internal LabKubelet Kubelet => _kubelet;

    internal KubePki Pki => _pki;

    /// <summary>Starts a server.</summary>
    /// <param name="nodes">The machines.</param>
    /// <param name="folder">Where pods keep their files; made when it is not there.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The server, listening.</returns>
    public static Task<LabKubernetesApi> StartAsync(
        IEnumerable<ILabKubernetesNode> nodes,
        string folder,
        CancellationToken cancellationToken = default
    ) => StartAsync(nodes, folder, TimeProvider.System, cancellationToken);

    internal static async Task<LabKubernetesApi> StartAsync(
        IEnumerable<ILabKubernetesNode> nodes,
        string folder,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var api = new LabKubernetesApi(nodes, Directory.CreateDirectory(folder).FullName, clock);
        try
        {
            await api._app.StartAsync(cancellationToken);
            var address = api
                ._app.Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.First();
            api.Address = new Uri(address);
            api._kubelet.Start();
            return api;
        }
        catch
        {
            await api.DisposeAsync();
            throw;
        }
    }

    /// <summary>A kubeconfig for another user, who has every right that no fault takes away.</summary>
    /// <param name="user">Name of the user.</param>
    /// <param name="until">When the certificate runs out; null for a year from now.</param>
    /// <returns>The YAML text.</returns>
    public string UserKubeconfig(string user, DateTimeOffset? until = null)
    {
        using var certificate = _pki.IssueClient(user, "lab", until);
        return Kubeconfig(certificate, _pki.Authority);
    }

    /// <summary>The server goes away, with every connection, and comes back after a while at the same address.</summary>
    /// <param name="downFor">How long connections are refused.</param>
    /// <returns>A task that ends when it is back.</returns>
    public async Task RestartAsync(TimeSpan downFor)
    {
        _down = true;
        foreach (var connection in _connections.Keys)
            connection.Abort();
        await Task.Delay(downFor, Store.Clock);
        _down = false;
    }

    /// <summary>Sets the Pod Security level of a namespace, also of kube-system, which Talos exempts.</summary>
    /// <param name="ns">Namespace.</param>
    /// <param name="level"><c>baseline</c>, <c>restricted</c> or <c>privileged</c>.</param>
    public void EnforcePodSecurity(string ns, string level) => Store.Change(KubeResource.Namespaces, null, ns, item =>
        {
            item.Meta().Child("labels")["pod-security.kubernetes.io/enforce"] = level;
            return item;
        });

    /// <summary>The kubelet evicts a pod, as under disk pressure.</summary>
    /// <param name="ns">Namespace.</param>
    /// <param name="name">Name.</param>
    public void EvictPod(string ns, string name) => _kubelet.Evict(ns, name);

    /// <summary>Looks at the machines again; call it when one of them changed.</summary>
    public void Refresh() => _kubelet.SyncNodes();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _down = true;
        await _kubelet.DisposeAsync();
        foreach (var connection in _connections.Keys)
            connection.Abort();
        await _app.DisposeAsync();
        _admin.Dispose();
        _pki.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => Address.ToString();

    internal string Kubeconfig(X509Certificate2 client, X509Certificate2 authority) =>
        Kubeconfig(Address, client, authority);

    internal static string Kubeconfig(Uri server, X509Certificate2 client, X509Certificate2 authority) =>
        $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: lab
              cluster:
                server: {server.GetLeftPart(UriPartial.Authority)}
                certificate-authority-data: {Base64(authority.ExportCertificatePem())}
            users:
            - name: admin@lab
              user:
                client-certificate-data: {Base64(client.ExportCertificatePem())}
                client-key-data: {Base64(client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}
            contexts:
            - name: admin@lab
              context:
                cluster: lab
                namespace: default
                user: admin@lab
            current-context: admin@lab

            """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private void ConfigureKestrel(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        // Go's server takes a megabyte of request line and headers; commands travel in the request line.
        options.Limits.MaxRequestLineSize = 1 << 20;
        options.Limits.MaxRequestBufferSize = 2 << 20;
        options.Limits.MaxRequestHeadersTotalSize = 1 << 20;
        options.Limits.MaxRequestBodySize = 3 << 20;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.Use(next => connection => TrackAsync(next, connection));
            listen.UseHttps(https =>
            {
                https.ServerCertificate = _pki.Server;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (certificate, _, _) => IsTrusted(certificate);
            });
        });
    }

    private async Task TrackAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        _connections[connection] = true;
        try
        {
            connection.Transport = _traffic.Count(connection.Transport);
            if (_down)
                connection.Abort();
            else
                await next(connection);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }

    private bool IsTrusted(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_pki.Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
