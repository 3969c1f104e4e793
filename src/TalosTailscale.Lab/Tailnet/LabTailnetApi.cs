using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using TalosTailscale.Lab.Factory;

namespace TalosTailscale.Lab.Tailnet;

/// <summary>API v2 of the tailnet (tailscale.com/api) with tokens, OAuth clients, and its refusals.</summary>
public sealed class LabTailnetApi : IAsyncDisposable
{
    private readonly LabTailnet _tailnet;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _accessTokens = new();
    private LabHttp? _server;

    internal LabTailnetApi(LabTailnet tailnet) => _tailnet = tailnet;

    /// <summary>The base address (<c>…/api/v2</c>).</summary>
    public Uri Address =>
        new((_server ?? throw new InvalidOperationException("The API has not been started.")).Address, "api/v2");

    /// <summary>An API token; made up anew for every lab.</summary>
    public string Token { get; } = "tskey-api-" + LabOptions.NewAuthKey()["tskey-auth-".Length..];

    /// <summary>Id of the OAuth client.</summary>
    public string OAuthId { get; } = "k" + Guid.NewGuid().ToString("N")[..11] + "CNTRL";

    /// <summary>Secret of the OAuth client; also works as <c>TS_AUTHKEY</c>.</summary>
    public string OAuthSecret { get; } = "tskey-client-" + LabOptions.NewAuthKey()["tskey-auth-".Length..];

    /// <summary>The scopes of the OAuth client's access tokens.</summary>
    public ISet<string> Scopes { get; } = new HashSet<string>(["auth_keys", "devices:core"], StringComparer.Ordinal);

    /// <summary>Answers so many requests with 429 before it answers again.</summary>
    public int RateLimitNext { get; set; }

    /// <summary>The requests that it has had, oldest first: method and path.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    internal async Task StartAsync(CancellationToken cancellationToken) =>
        _server = await LabHttp.StartAsync(HandleAsync, cancellationToken);

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue($"{request.Method} {request.Path}");
        var path = (request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (path is not ["api", "v2", ..])
        {
            await ErrorAsync(context, 404, "not found");
            return;
        }

        if (RateLimitNext > 0)
        {
            RateLimitNext--;
            context.Response.Headers.RetryAfter = "0";
            await ErrorAsync(context, 429, "rate limit exceeded");
            return;
        }

        var parts = path[2..];
        if (parts is ["oauth", "token"])
        {
            await OAuthAsync(context);
            return;
        }

        if (Scope(request) is not { } scopes)
        {
            await ErrorAsync(context, 401, "API token invalid");
            return;
        }

        var keys = parts is ["tailnet", _, "keys", ..];
        if (!scopes.Contains("all") && !scopes.Contains(keys ? "auth_keys" : "devices:core"))
        {
            await ErrorAsync(context, 403, "calling actor does not have enough permissions to perform this function");
            return;
        }

        await (keys ? KeysAsync(context, parts[3..]) : DevicesAsync(context, parts));
    }

    private HashSet<string>? Scope(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        var token =
            header.StartsWith("Bearer ", StringComparison.Ordinal) ? header[7..]
            : header.StartsWith("Basic ", StringComparison.Ordinal)
                ? Encoding.UTF8.GetString(Convert.FromBase64String(header[6..])).Split(':')[0]
            : "";
        if (token == Token)
            return ["all"];
        return _accessTokens.TryGetValue(token, out var ends) && ends > _tailnet.Now ? [.. Scopes] : null;
    }

    private async Task OAuthAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (context.Request.Method != "POST" || form["client_id"] != OAuthId || form["client_secret"] != OAuthSecret)
        {
            await ErrorAsync(context, 401, "API token invalid");
            return;
        }

        var token = "tskey-access-" + LabOptions.NewAuthKey()["tskey-auth-".Length..];
        _accessTokens[token] = _tailnet.Now.AddHours(1);
        await JsonAsync(
            context,
            new
            {
                access_token = token,
                token_type = "Bearer",
                expires_in = 3600,
                scope = string.Join(' ', Scopes),
            }
        );
    }

    private async Task DevicesAsync(HttpContext context, string[] parts)
    {
        if (parts is ["tailnet", _, "devices"] && context.Request.Method == "GET")
        {
            var all = context.Request.Query["fields"] == "all";
            await JsonAsync(context, new { devices = _tailnet.Devices.Select(d => Show(d, all)) });
            return;
        }

        if (
            parts is not ["device", var id, ..]
            || _tailnet.Devices.FirstOrDefault(d => d.Id == id || d.NodeId == id) is not { } device
        )
        {
            await ErrorAsync(context, 404, "no manageable device matching given id found");
            return;
        }

        switch (context.Request.Method, parts[2..])
        {
            case ("GET", []):
                await JsonAsync(context, Show(device, all: true));
                return;
            case ("DELETE", []):
                _tailnet.Remove(device);
                break;
            case ("POST", ["authorized"]):
                device.IsAuthorized = (await BodyAsync(context)).GetProperty("authorized").GetBoolean();
                break;
            case ("POST", ["tags"]):
                device.Tags = Texts((await BodyAsync(context)).GetProperty("tags"));
                break;
            case ("POST", ["routes"]):
                device.EnabledRoutes = Texts((await BodyAsync(context)).GetProperty("routes"));
                await JsonAsync(
                    context,
                    new { advertisedRoutes = device.AdvertisedRoutes, enabledRoutes = device.EnabledRoutes }
                );
                return;
            case ("POST", ["key"]):
                device.IsKeyExpiryDisabled = (await BodyAsync(context)).GetProperty("keyExpiryDisabled").GetBoolean();
                break;
            default:
                await ErrorAsync(context, 405, "method not allowed");
                return;
        }
    }

    private async Task KeysAsync(HttpContext context, string[] parts)
    {
        var key = parts is [var id] ? _tailnet.Keys.FirstOrDefault(k => k.Id == id) : null;
        switch (context.Request.Method, parts.Length)
        {
            case ("GET", 0):
                await JsonAsync(
                    context,
                    new
                    {
                        keys = _tailnet
                            .Keys.Where(k => !k.IsRevoked)
                            .Select(k => new { id = k.Id, description = k.Description }),
                    }
                );
                return;
            case ("POST", 0):
                await NewKeyAsync(context);
                return;
            case ("GET", 1) when key is not null:
                await JsonAsync(context, Show(key, secret: null));
                return;
            case ("DELETE", 1) when key is not null:
                key.IsRevoked = true;
                return;
            default:
                await ErrorAsync(context, 404, "key not found");
                return;
        }
    }

    private async Task NewKeyAsync(HttpContext context)
    {
        var body = await BodyAsync(context);
        var create = body.GetProperty("capabilities").GetProperty("devices").GetProperty("create");
        bool Flag(string name) => create.TryGetProperty(name, out var value) && value.GetBoolean();
        var tags =
            create.TryGetProperty("tags", out var list) && list.ValueKind == JsonValueKind.Array ? Texts(list) : [];
        var seconds = body.TryGetProperty("expirySeconds", out var expiry) ? expiry.GetInt64() : 90 * 86400;
        if (seconds is < 0 or > 90 * 86400)
        {
            await ErrorAsync(context, 400, "expirySeconds must be between 0 and 7776000");
            return;
        }

        if (!tags.All(_tailnet.PermittedTags.Contains))
        {
            await ErrorAsync(context, 400, $"requested tags [{string.Join(' ', tags)}] are invalid or not permitted");
            return;
        }

        var key = _tailnet.NewKey(
            Flag("reusable"),
            Flag("ephemeral"),
            Flag("preauthorized"),
            tags,
            body.TryGetProperty("description", out var text) ? text.GetString() ?? "" : "",
            TimeSpan.FromSeconds(seconds)
        );
        await JsonAsync(context, Show(key, key.Secret));
    }

    private Dictionary<string, object?> Show(LabTailnetDevice d, bool all)
    {
        var device = new Dictionary<string, object?>
        {
            ["addresses"] = new[] { d.Address, d.Address6 },
            ["id"] = d.Id,
            ["nodeId"] = d.NodeId,
            ["user"] = "operator@" + _tailnet.Name,
            ["name"] = $"{d.Name}.{_tailnet.MagicDnsSuffix}",
            ["hostname"] = d.Hostname,
            ["clientVersion"] = d.ClientVersion,
            ["updateAvailable"] = false,
            ["os"] = "linux",
            ["created"] = Time(d.Created),
            ["lastSeen"] = Time(d.IsOnline ? _tailnet.Now : d.LastSeen),
            ["keyExpiryDisabled"] = d.IsKeyExpiryDisabled,
            ["expires"] = Time(d.Expires),
            ["authorized"] = d.IsAuthorized,
            ["isExternal"] = false,
            ["machineKey"] = "",
            ["nodeKey"] = d.NodeKey,
            ["blocksIncomingConnections"] = false,
        };
        if (d.Tags.Count > 0)
            device["tags"] = d.Tags;
        if (all)
        {
            device["enabledRoutes"] = d.EnabledRoutes;
            device["advertisedRoutes"] = d.AdvertisedRoutes;
        }

        return device;
    }

    private static Dictionary<string, object?> Show(LabTailnetKey key, string? secret)
    {
        var shown = new Dictionary<string, object?>
        {
            ["id"] = key.Id,
            ["created"] = Time(key.Created),
            ["expires"] = Time(key.Expires),
            ["description"] = key.Description,
            ["capabilities"] = new
            {
                devices = new
                {
                    create = new
                    {
                        reusable = key.Reusable,
                        ephemeral = key.Ephemeral,
                        preauthorized = key.Preauthorized,
                        tags = key.Tags,
                    },
                },
            },
        };
        if (secret is not null)
            shown["key"] = secret;
        return shown;
    }

    private static string Time(DateTimeOffset time) =>
        time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetString()!)];

    private static async Task<JsonElement> BodyAsync(HttpContext context) =>
        (await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted)).RootElement;

    private static Task JsonAsync(HttpContext context, object value)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(value), context.RequestAborted);
    }

    private static Task ErrorAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return JsonAsync(context, new { message });
    }
}
