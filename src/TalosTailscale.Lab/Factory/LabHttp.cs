using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace TalosTailscale.Lab.Factory;

/// <summary>An HTTP server on loopback, on a port that the system picks, or on a unix socket.</summary>
internal sealed class LabHttp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LabHttp(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    /// <summary>Where it listens; of no meaning for a unix socket.</summary>
    public Uri Address { get; }

    public static Task<LabHttp> StartAsync(RequestDelegate handler, CancellationToken cancellationToken) =>
        StartAsync(handler, o => o.Listen(IPAddress.Loopback, 0), cancellationToken);

    public static Task<LabHttp> StartOnSocketAsync(
        string socket,
        RequestDelegate handler,
        CancellationToken cancellationToken
    ) => StartAsync(handler, o => o.ListenUnixSocket(socket), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // Requests that wait (a build that takes long) are cut, not waited for.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static async Task<LabHttp> StartAsync(
        RequestDelegate handler,
        Action<KestrelServerOptions> listen,
        CancellationToken cancellationToken
    )
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(o =>
            {
                o.AddServerHeader = false;
                o.AllowSynchronousIO = false;
                listen(o);
            });
        var app = builder.Build();
        app.Run(handler);
        await app.StartAsync(cancellationToken);
        var address = app.Urls.First();
        return new LabHttp(
            app,
            new Uri(address.StartsWith("http://unix:", StringComparison.Ordinal) ? "http://localhost/" : address + "/")
        );
    }
}
