using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Org.BouncyCastle.Tls;
using TalosTailscale.Lab.Pki;

namespace TalosTailscale.Lab.Talos;

/// <summary>
/// The Talos API of the lab: apid with mutual TLS under HTTP/2 on one loopback port that forwards to every node, and on
/// request one port per node that forwards as that node's own apid would.
/// </summary>
public sealed class LabTalosApi : ILabPart
{
    private readonly Dictionary<string, LabEndpoint> _perNode = new(StringComparer.Ordinal);
    private readonly LabEndpoint _shared = new(null);
    private LabCluster? _cluster;
    private WebApplication? _application;

    /// <summary>The CA of the Talos API: that of the machine configs, unless a test puts another in its place.</summary>
    public LabAuthority Authority { get; set; } = null!;

    /// <summary>The endpoint for every node (<c>127.0.0.1:port</c>).</summary>
    public string Endpoint => _shared.Address;

    /// <summary>The server's certificate. A new one is used by connections from then on.</summary>
    public LabCertificate ServerCertificate { get; set; } = null!;

    /// <summary>Whether connections are held to TLS 1.2, as by a proxy of old.</summary>
    public bool OnlyTls12 { get; set; }

    /// <summary>How many connections are open: what a client leaks, it leaks here too.</summary>
    public int OpenConnections => _shared.Open + _perNode.Values.Sum(e => e.Open);

    private LabCluster Cluster =>
        _cluster ?? throw new InvalidOperationException("The Talos API has not been started.");

    /// <summary>The endpoint of one node's own apid; there with <see cref="LabOptions.EndpointPerNode"/>.</summary>
    /// <param name="node">The node.</param>
    /// <returns><c>127.0.0.1:port</c>.</returns>
    public string EndpointOf(LabNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return _perNode[node.Name].Address;
    }

    /// <summary>A talosconfig for the lab.</summary>
    /// <param name="client">The client's certificate; null for a new one with the roles of the options.</param>
    /// <param name="endpoints">The endpoints; null for the one that reaches every node.</param>
    /// <returns>The YAML text.</returns>
    public string TalosConfig(LabCertificate? client = null, IReadOnlyList<string>? endpoints = null) =>
        LabTalosConfig.Write(
            "lab",
            endpoints ?? [Endpoint],
            [.. Cluster.Nodes.Take(64).Select(n => n.Address)],
            Authority,
            client ?? Authority.IssueClient(Cluster.Options.Roles)
        );

    /// <summary>The next connection is cut after so many bytes to the client, handshake included.</summary>
    /// <param name="bytes">How many.</param>
    public void CutNextConnectionAfter(long bytes) => _shared.CutNext(bytes);

    /// <summary>Cuts every open connection now, without a word.</summary>
    public void CutConnections()
    {
        foreach (var endpoint in _perNode.Values.Append(_shared))
            endpoint.AbortAll();
    }

    /// <inheritdoc/>
    public async Task StartAsync(LabCluster cluster, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        _cluster = cluster;
        Authority = cluster.Secrets.TalosAuthority;
        ServerCertificate = Authority.IssueServer(
            "lab",
            [
                "127.0.0.1",
                "::1",
                "localhost",
                .. cluster.Nodes.Take(64).SelectMany(n => new[] { n.Address, n.Hostname, n.Fqdn }).Distinct(),
            ]
        );
        foreach (var node in cluster.Options.EndpointPerNode ? cluster.Nodes : [])
        {
            _perNode[node.Name] = new LabEndpoint(node);
            node.Changed += (_, _) => AbortWhenDown(node);
        }

        _application = Build(cluster);
        await _application.StartAsync(cancellationToken);
        var addresses = _application
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.ToArray();
        foreach (var (endpoint, address) in _perNode.Values.Prepend(_shared).Zip(addresses))
            endpoint.Address = new Uri(address).Authority;
    }

    /// <inheritdoc/>
    public void AddClientFiles(LabClientFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        files.AddFile("talosconfig", TalosConfig(), "TALOSCONFIG");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_application is null)
            return;
        CutConnections();
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private WebApplication Build(LabCluster cluster)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // Other clients rightly say https; Kestrel, which does not know of the TLS below it, would reset their calls.
            kestrel.AllowAlternateSchemes = true;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 4096;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 65535 * 16;
            kestrel.Limits.Http2.InitialStreamWindowSize = 65535 * 32;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            foreach (var endpoint in _perNode.Values.Prepend(_shared))
                kestrel.Listen(IPAddress.Loopback, 0, listen => Configure(listen, endpoint));
        });
        builder.Services.AddSingleton(cluster);
        builder.Services.AddGrpc(grpc =>
        {
            // pkg/machinery/constants: GRPCMaxMessageSize.
            grpc.MaxReceiveMessageSize = grpc.MaxSendMessageSize = 32 << 20;
            grpc.Interceptors.Add<LabCallGate>();
        });
        var application = builder.Build();
        application.MapGrpcService<LabMachineService>();
        application.MapGrpcService<LabStateService>();
        application.MapGrpcService<LabImageService>();
        application.MapGrpcService<LabLifecycleService>();
        application.MapGrpcService<LabDebugService>();
        return application;
    }

    private void Configure(ListenOptions listen, LabEndpoint endpoint)
    {
        // Prior knowledge: TLS is below, by our own hands.
        listen.Protocols = HttpProtocols.Http2;
        listen.Use(next => connection => RunAsync(connection, endpoint, next));
    }

    private async Task RunAsync(ConnectionContext connection, LabEndpoint endpoint, ConnectionDelegate next)
    {
        if (endpoint.Node is { IsApiUp: false })
        {
            connection.Abort(new ConnectionAbortedException("The node is down."));
            return;
        }

        connection.Features.Set(endpoint);
        ProtocolVersion[] versions = OnlyTls12
            ? [ProtocolVersion.TLSv12]
            : ProtocolVersion.TLSv13.DownTo(ProtocolVersion.TLSv12);
        var server = new LabTlsServer(ServerCertificate, Authority, versions);
        var tls = new LabTlsConnection(connection, server);
        endpoint.Add(tls);
        await tls.RunAsync(() => next(connection));
        endpoint.Remove(tls);
    }

    private void AbortWhenDown(LabNode node)
    {
        if (!node.IsApiUp)
            _perNode[node.Name].AbortAll();
    }
}
