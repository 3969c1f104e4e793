using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>A client of one Image Factory. Safe for use by several callers at a time.</summary>
public sealed class ImageFactoryClient : IDisposable
{
    private const int MaximumAnswer = 4 << 20;
    private readonly HttpClient _http;
    private readonly FactoryRetry _retry;

    /// <summary>Makes a client.</summary>
    /// <param name="factory">The factory, from <see cref="ImageFactoryUri.Resolve(Uri?)"/>.</param>
    /// <param name="options">Time-outs, proxy; null for the usual ones.</param>
    /// <param name="reporter">Hears of requests and repetitions.</param>
    public ImageFactoryClient(Uri factory, ImageFactoryOptions? options = null, IReporter? reporter = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        Factory = ImageFactoryUri.Resolve(factory);
        Options = options ?? new ImageFactoryOptions();
        Reporter = reporter ?? SilentReporter.Instance;
        _retry = new FactoryRetry(Options, Reporter);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = Options.Timeout,
            AllowAutoRedirect = false,
            UseCookies = false,
        };
        if (Options.Proxy is not null)
            handler.Proxy = Options.Proxy;
        _http = new HttpClient(new FactoryRedirects(handler)) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("TalosTailscale", null));
    }

    /// <summary>The factory.</summary>
    public Uri Factory { get; }

    internal ImageFactoryOptions Options { get; }

    internal IReporter Reporter { get; }

    internal HttpClient Http => _http;

    internal FactoryRetry Retry => _retry;

    /// <summary>Makes a schematic known to the factory. Doing it again changes nothing.</summary>
    /// <param name="schematic">The schematic.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The schematic, registered, with the id that the factory gave it.</returns>
    /// <remarks>
    /// A factory with another yaml library quotes some values otherwise and has another id for the same settings; that is
    /// told. Another id for other settings is an error.
    /// </remarks>
    /// <exception cref="TsException">SchematicIdMismatch, and those of the transport.</exception>
    public async Task<TalosSchematic> RegisterAsync(Schematic schematic, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schematic);
        var uri = new Uri(Factory, "schematics");
        var answer = await SendAsync(HttpMethod.Post, uri, schematic.Yaml, cancellationToken).ConfigureAwait(false);
        var fields = Json<Dictionary<string, JsonElement>>(answer, uri);
        var id = Text(fields, "id")
            ?? throw ImageFactoryErrors.FactoryProtocolViolation.New(
                $"'{uri}' answered no 'id', which was expected.",
                uri
            );
        if (id == schematic.Id)
            return schematic.ToModel(Factory);
        if (Text(fields, "schematic") is not { } stored || !IsSame(schematic, id, stored))
            throw ImageFactoryErrors.SchematicIdMismatch.New(
                $"'{Factory.Authority}' answered the schematic id '{id}'; '{schematic.Id}' was expected.",
                schematic.Id
            );
        Reporter.Warning(
            $"'{Factory.Authority}' writes the same settings otherwise and has the schematic as '{id}', not as '{schematic.Id}'."
        );
        return schematic.ToModel(Factory) with { Id = id, Yaml = stored };
    }

    /// <summary>Makes a schematic known to the factory under the very id that is known here.</summary>
    /// <param name="schematic">The schematic.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="TsException">SchematicIdMismatch, and those of the transport.</exception>
    internal async Task EnsureAsync(Schematic schematic, CancellationToken cancellationToken)
    {
        var registered = await RegisterAsync(schematic, cancellationToken).ConfigureAwait(false);
        if (registered.Id != schematic.Id)
            throw ImageFactoryErrors.SchematicIdMismatch.New(
                $"'{Factory.Authority}' has the schematic as '{registered.Id}'; '{schematic.Id}' was expected.",
                schematic.Id,
                recommendedAction: $"The settings are the same. Give its own id: -SchematicId {registered.Id}."
            );
    }

    private static bool IsSame(Schematic schematic, string id, string stored)
    {
        try
        {
            return SchematicId.Of(stored) == id && Schematic.Parse(stored, "answer").Yaml == schematic.Yaml;
        }
        catch (TsException)
        {
            // What cannot be read is not the same.
            return false;
        }
    }

    /// <summary>Asks the factory for a schematic that it knows.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The schematic.</returns>
    /// <exception cref="TsException">FactoryNotFound, SchematicIdMismatch, and those of the transport.</exception>
    public async Task<Schematic> GetSchematicAsync(string id, CancellationToken cancellationToken)
    {
        var uri = new Uri(Factory, "schematics/" + SchematicId.Parse(id));
        var yaml = await SendAsync(HttpMethod.Get, uri, null, cancellationToken).ConfigureAwait(false);
        var schematic = Schematic.Parse(yaml, uri.AbsoluteUri);
        return schematic.Id == id || SchematicId.Of(yaml) == id
            ? schematic
            : throw ImageFactoryErrors.SchematicIdMismatch.New(
                $"'{Factory.Authority}' answered a schematic with the id '{schematic.Id}'; '{id}' was expected.",
                id
            );
    }

    /// <summary>The Talos versions that the factory builds, in its order.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Versions with their <c>v</c>.</returns>
    public async Task<IReadOnlyList<string>> GetVersionsAsync(CancellationToken cancellationToken)
    {
        var uri = new Uri(Factory, "versions");
        return Json<string[]>(await SendAsync(HttpMethod.Get, uri, null, cancellationToken).ConfigureAwait(false), uri);
    }

    /// <summary>The names of the official extensions for a Talos version.</summary>
    /// <param name="version">The version.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Names such as <c>siderolabs/tailscale</c>.</returns>
    public async Task<IReadOnlyList<string>> GetExtensionsAsync(string version, CancellationToken cancellationToken)
    {
        var uri = new Uri(Factory, $"version/{VersionTag.Parse(version)}/extensions/official");
        var list = Json<Dictionary<string, JsonElement>[]>(
            await SendAsync(HttpMethod.Get, uri, null, cancellationToken).ConfigureAwait(false),
            uri
        );
        return [.. list.Where(e => e.ContainsKey("name")).Select(e => e["name"].ToString())];
    }

    /// <summary>The certificate with which the factory signs its Secure Boot images.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>SHA-256 of the certificate's DER, lower case hexadecimal digits.</returns>
    public async Task<string> GetSignerFingerprintAsync(CancellationToken cancellationToken)
    {
        var uri = new Uri(Factory, "secureboot/signing-cert.pem");
        var pem = await SendAsync(HttpMethod.Get, uri, null, cancellationToken).ConfigureAwait(false);
        return FactoryCertificate.Fingerprint(pem)
            ?? throw ImageFactoryErrors.FactoryProtocolViolation.New(
                $"'{uri}' answered no PEM certificate, which was expected.",
                uri
            );
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<string> SendAsync(
        HttpMethod method,
        Uri uri,
        string? body,
        CancellationToken cancellationToken
    ) =>
        await _retry
            .RunAsync(
                uri,
                async token =>
                {
                    using var deadline = CancellationTokenSource.CreateLinkedTokenSource(token);
                    deadline.CancelAfter(Options.Timeout);
                    using var request = new HttpRequestMessage(method, uri);
                    if (body is not null)
                    {
                        request.Content = new StringContent(body, Encoding.UTF8);
                        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/yaml");
                    }

                    Reporter.Verbose($"{method} {uri}");
                    using var response = await _http
                        .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token)
                        .ConfigureAwait(false);
                    await FactoryFailure.ThrowIfFailedAsync(response, uri, deadline.Token).ConfigureAwait(false);
                    return await ShortAnswer
                        .ReadAsync(response.Content, MaximumAnswer, uri, deadline.Token)
                        .ConfigureAwait(false);
                },
                cancellationToken
            )
            .ConfigureAwait(false);

    private static string? Text(Dictionary<string, JsonElement> fields, string name) =>
        fields.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static T Json<T>(string text, Uri uri)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw ImageFactoryErrors.FactoryProtocolViolation.New(
                $"'{uri}' answered something that is not the JSON expected: {e.Message}",
                uri,
                e
            );
        }
    }
}
