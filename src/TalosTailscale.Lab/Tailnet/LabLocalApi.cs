using System.Text.Json;
using Microsoft.AspNetCore.Http;
using TalosTailscale.Lab.Factory;

namespace TalosTailscale.Lab.Tailnet;

/// <summary>The LocalAPI of the operator's tailscaled (tailscale <c>ipn/localapi</c>): a unix socket, guarded by its Host header.</summary>
internal sealed class LabLocalApi(LabTailnet tailnet) : IAsyncDisposable
{
    private string? _folder;
    private LabHttp? _server;

    public string? SocketPath { get; private set; }

    public async Task StartAsync(string folder, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            return; // there it is a named pipe
        var path = Path.Combine(folder, "tailscaled.sock");
        // A socket's path has at most 104 bytes on macOS and 108 on Linux.
        if (path.Length > 100)
        {
            _folder = Directory.CreateTempSubdirectory("ts-").FullName;
            path = Path.Combine(_folder, "tailscaled.sock");
        }

        SocketPath = path;
        _server = await LabHttp.StartOnSocketAsync(path, HandleAsync, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (SocketPath is not null)
            File.Delete(SocketPath);
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
    }

    private Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (
            request.Host.Value is not (null or "" or "local-tailscaled.sock")
            || request.Headers.Origin.Count > 0
            || request.Headers.Referer.Count > 0
        )
            return TextAsync(context, 403, "invalid localapi request");
        if (request.Path != "/localapi/v0/status")
            return TextAsync(context, 404, "404 not found");
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            JsonSerializer.Serialize(Status(request.Query["peers"] != "false")),
            context.RequestAborted
        );
    }

    private Dictionary<string, object?> Status(bool peers)
    {
        var devices = tailnet.Devices;
        return new Dictionary<string, object?>
        {
            ["Version"] = "1.94.1-t0123456789-g0123456789",
            ["TUN"] = true,
            ["BackendState"] = "Running",
            ["HaveNodeKey"] = true,
            ["AuthURL"] = "",
            ["TailscaleIPs"] = new[] { tailnet.Operator.Address, tailnet.Operator.Address6 },
            ["Self"] = Peer(tailnet.Operator, self: true),
            ["Health"] = Array.Empty<string>(),
            ["MagicDNSSuffix"] = tailnet.MagicDnsSuffix,
            ["CurrentTailnet"] = new
            {
                tailnet.Name,
                MagicDNSSuffix = tailnet.MagicDnsSuffix,
                MagicDNSEnabled = true,
            },
            ["CertDomains"] = null,
            ["Peer"] = peers
                ? devices
                    .Where(d => d != tailnet.Operator && d.IsAuthorized)
                    .ToDictionary(d => d.NodeKey, d => Peer(d, self: false))
                : null,
            ["User"] = new Dictionary<string, object>
            {
                ["1"] = new
                {
                    ID = 1,
                    LoginName = "operator@" + tailnet.Name,
                    DisplayName = "Operator",
                },
            },
            ["ClientVersion"] = null,
        };
    }

    private Dictionary<string, object?> Peer(LabTailnetDevice d, bool self)
    {
        var peer = new Dictionary<string, object?>
        {
            ["ID"] = d.NodeId,
            ["PublicKey"] = d.NodeKey,
            ["HostName"] = d.Hostname,
            ["DNSName"] = $"{d.Name}.{tailnet.MagicDnsSuffix}.",
            ["OS"] = "linux",
            ["UserID"] = 1,
            ["TailscaleIPs"] = new[] { d.Address, d.Address6 },
            ["AllowedIPs"] = new[] { d.Address + "/32", d.Address6 + "/128" }.Concat(d.EnabledRoutes).ToArray(),
            ["Addrs"] = null,
            ["CurAddr"] = "",
            ["Relay"] = "fra",
            ["RxBytes"] = 0,
            ["TxBytes"] = 0,
            ["Created"] = d.Created.UtcDateTime,
            ["LastSeen"] = d.IsOnline ? DateTime.UnixEpoch.AddYears(-1969) : d.LastSeen.UtcDateTime,
            ["LastHandshake"] = DateTime.UnixEpoch.AddYears(-1969),
            ["Online"] = d.IsOnline,
            ["ExitNode"] = false,
            ["Active"] = false,
            ["InNetworkMap"] = true,
            ["InEngine"] = !self,
        };
        // Fields that tailscaled leaves out when they are empty.
        if (d.Tags.Count > 0)
            peer["Tags"] = d.Tags;
        if (d.EnabledRoutes.Count > 0)
            peer["PrimaryRoutes"] = d.EnabledRoutes;
        if (!d.IsKeyExpiryDisabled)
            peer["KeyExpiry"] = d.Expires.UtcDateTime;
        if (!d.IsKeyExpiryDisabled && d.Expires < tailnet.Now)
            peer["Expired"] = true;
        return peer;
    }

    private static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
