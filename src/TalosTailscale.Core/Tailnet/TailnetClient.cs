using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Tailnet;

/// <summary>What a new auth key is to allow.</summary>
/// <param name="Tags">The tags of the nodes that log in with it; an OAuth client needs at least one.</param>
/// <param name="Reusable">Whether more than one node may use it.</param>
/// <param name="Ephemeral">Whether nodes vanish when they go offline.</param>
/// <param name="Preauthorized">Whether nodes need no approval.</param>
/// <param name="Life">How long it can be used; 90 days at most.</param>
/// <param name="Description">What it is for; at most 50 characters.</param>
public sealed record TailnetKeyRequest(
    IReadOnlyList<string> Tags,
    bool Reusable,
    bool Ephemeral,
    bool Preauthorized,
    TimeSpan Life,
    string Description
);

/// <summary>API v2 of a tailnet (https://tailscale.com/api): devices and keys.</summary>
public sealed class TailnetClient : IDisposable
{
    private const int MaximumBytes = 64 << 20;
    private const int MaximumPages = 1000;
    private const int Attempts = 5;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly TailnetCredential _credential;
    private readonly string _tailnet;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _signIn = new(1);
    private string? _accessToken;
    private DateTimeOffset _accessTokenEnds;

    /// <summary>Prepares a client; nothing is sent yet.</summary>
    /// <param name="api">The address of the API, with or without <c>/api/v2</c>; null for Tailscale's, or what TALOSTAILSCALE_TAILNET_API names.</param>
    /// <param name="credential">Who we are.</param>
    /// <param name="tailnet">The tailnet; null for the credential's own.</param>
    /// <param name="clock">The clock; null for the system's.</param>
    /// <exception cref="TsException">TailnetUriInvalid.</exception>
    public TailnetClient(Uri? api, TailnetCredential credential, string? tailnet = null, TimeProvider? clock = null)
    {
        _credential = credential;
        _tailnet = Uri.EscapeDataString(string.IsNullOrWhiteSpace(tailnet) ? "-" : tailnet);
        _clock = clock ?? TimeProvider.System;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = BaseOf(api),
            Timeout = s_timeout,
            MaxResponseContentBufferSize = MaximumBytes,
        };
    }

    /// <summary>All devices of the tailnet, with their routes.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The devices, in the API's order.</returns>
    /// <exception cref="TsException">One of the tailnet errors.</exception>
    public async Task<IReadOnlyList<TailnetDevice>> DevicesAsync(CancellationToken cancellationToken)
    {
        var devices = new List<TailnetDevice>();
        var next = new Uri($"tailnet/{_tailnet}/devices?fields=all", UriKind.Relative);
        for (var page = 0; next is not null && page < MaximumPages; page++)
        {
            using var response = await SendAsync(HttpMethod.Get, next, null, cancellationToken).ConfigureAwait(false);
            using var json = await JsonAsync(response, cancellationToken).ConfigureAwait(false);
            devices.AddRange(TailnetJson.Items(json.RootElement, "devices").Select(TailnetJson.ApiDevice));
            next = NextPage(response);
        }

        return devices;
    }

    /// <summary>Removes a device from the tailnet.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The work.</returns>
    /// <exception cref="TsException">One of the tailnet errors.</exception>
    public async Task RemoveDeviceAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        var uri = new Uri($"device/{Uri.EscapeDataString(id)}", UriKind.Relative);
        using var response = await SendAsync(HttpMethod.Delete, uri, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes an auth key.</summary>
    /// <param name="request">What it is to allow.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The key's description, and the key itself: a secret that the redactor knows.</returns>
    /// <exception cref="TsException">One of the tailnet errors.</exception>
    public async Task<(TailnetAuthKeyInfo Info, string Key)> CreateKeyAsync(
        TailnetKeyRequest request,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var body = JsonSerializer.Serialize(
            new
            {
                capabilities = new
                {
                    devices = new
                    {
                        create = new
                        {
                            reusable = request.Reusable,
                            ephemeral = request.Ephemeral,
                            preauthorized = request.Preauthorized,
                            tags = request.Tags,
                        },
                    },
                },
                expirySeconds = (long)request.Life.TotalSeconds,
                description = request.Description,
            }
        );
        var uri = new Uri($"tailnet/{_tailnet}/keys", UriKind.Relative);
        using var response = await SendAsync(HttpMethod.Post, uri, body, cancellationToken).ConfigureAwait(false);
        using var json = await JsonAsync(response, cancellationToken).ConfigureAwait(false);
        var key = TailnetJson.Text(json.RootElement, "key");
        Redactor.Register(key);
        if (key.Length == 0)
            throw TailnetErrors.TailnetRequestFailed.New("The tailnet API answered without a key.");
        return (
            new TailnetAuthKeyInfo(
                TailnetJson.Text(json.RootElement, "id"),
                request.Tags,
                request.Reusable,
                request.Ephemeral,
                request.Preauthorized,
                TailnetJson.Time(json.RootElement, "created"),
                TailnetJson.Time(json.RootElement, "expires")
            ),
            key
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _signIn.Dispose();
    }

    private static Uri BaseOf(Uri? api)
    {
        var text = api?.OriginalString
            ?? (
                Environment.GetEnvironmentVariable("TALOSTAILSCALE_TAILNET_API") is { Length: > 0 } named
                    ? named
                    : "https://api.tailscale.com"
            );
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        )
            throw TailnetErrors.TailnetUriInvalid.New($"'{text}' is not an https address.", text);
        var path = uri.AbsolutePath.TrimEnd('/');
        return new Uri(uri, (path.EndsWith("/api/v2", StringComparison.Ordinal) ? path : path + "/api/v2") + "/");
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        Uri uri,
        string? body,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, uri);
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Bearer",
                await BearerAsync(cancellationToken).ConfigureAwait(false)
            );
            if (body is not null)
                request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            var response = await TransmitAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return response;
            // A key or a removal must not be asked for twice unless the first was certainly not taken.
            var again =
                response.StatusCode == HttpStatusCode.TooManyRequests
                || (method == HttpMethod.Get && (int)response.StatusCode >= 500);
            if (!again || attempt == Attempts)
                throw await FailureAsync(response, cancellationToken).ConfigureAwait(false);
            var wait = Wait(response, attempt);
            response.Dispose();
            await Task.Delay(wait, _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> TransmitAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is HttpRequestException or IOException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            throw TailnetErrors.TailnetUnreachable.New(
                $"The tailnet API at '{_http.BaseAddress!.Authority}' could not be reached: {e.Message}",
                _http.BaseAddress.Authority,
                e
            );
        }
    }

    private async Task<string> BearerAsync(CancellationToken cancellationToken)
    {
        if (_credential.ClientId is null)
            return _credential.Secret;
        await _signIn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_accessToken is null || _clock.GetUtcNow() >= _accessTokenEnds)
                await SignInAsync(cancellationToken).ConfigureAwait(false);
            return _accessToken!;
        }
        finally
        {
            _signIn.Release();
        }
    }

    private async Task SignInAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("oauth/token", UriKind.Relative));
        request.Content = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = _credential.ClientId!,
                ["client_secret"] = _credential.Secret,
            }
        );
        using var response = await TransmitAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
            throw await FailureAsync(response, cancellationToken).ConfigureAwait(false);
        using var json = await JsonAsync(response, cancellationToken).ConfigureAwait(false);
        var token = TailnetJson.Text(json.RootElement, "access_token");
        Redactor.Register(token);
        if (token.Length == 0)
            throw TailnetErrors.TailnetRequestFailed.New("The tailnet API gave no access token.");
        _ = int.TryParse(TailnetJson.Text(json.RootElement, "expires_in"), out var seconds);
        // A minute less, so that it does not end on the way.
        _accessTokenEnds = _clock.GetUtcNow().AddSeconds(Math.Clamp(seconds, 120, 3600) - 60);
        _accessToken = token;
    }

    private async Task<TsException> FailureAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using (response)
        {
            var message = "";
            try
            {
                using var json = await JsonAsync(response, cancellationToken).ConfigureAwait(false);
                message = TailnetJson.Text(json.RootElement, "message");
            }
            catch (TsException)
            {
                // A proxy's page instead of the API's JSON: the status says enough.
                message = response.ReasonPhrase ?? "";
            }

            var text =
                $"The tailnet API at '{_http.BaseAddress!.Authority}' answered {(int)response.StatusCode}: {message}";
            return (
                response.StatusCode switch
                {
                    HttpStatusCode.Unauthorized => TailnetErrors.TailnetUnauthorized,
                    HttpStatusCode.Forbidden => TailnetErrors.TailnetForbidden,
                    HttpStatusCode.NotFound => TailnetErrors.TailnetDeviceNotFound,
                    _ => TailnetErrors.TailnetRequestFailed,
                }
            ).New(text, _http.BaseAddress.Authority);
        }
    }

    private static TimeSpan Wait(HttpResponseMessage response, int attempt)
    {
        var told = response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(Math.Pow(2, attempt - 1));
        return told < TimeSpan.Zero ? TimeSpan.Zero
            : told > s_longestWait ? s_longestWait
            : told;
    }

    private static async Task<JsonDocument> JsonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            try
            {
                return await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken).ConfigureAwait(false);
            }
            catch (JsonException e)
            {
                throw TailnetErrors.TailnetRequestFailed.New("The tailnet API's answer is not JSON.", inner: e);
            }
        }
    }

    // RFC 8288; only within the same API, for the token goes along.
    private Uri? NextPage(HttpResponseMessage response)
    {
        foreach (
            var link in response.Headers.TryGetValues("Link", out var links)
                ? links.SelectMany(text => text.Split(','))
                : []
        )
        {
            var parts = link.Split(';', StringSplitOptions.TrimEntries);
            if (
                parts.Skip(1).Any(part => part is "rel=\"next\"" or "rel=next")
                && Uri.TryCreate(_http.BaseAddress, parts[0].Trim('<', '>'), out var next)
                && _http.BaseAddress!.IsBaseOf(next)
            )
                return next;
        }

        return null;
    }
}
