using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Lab.Factory;

/// <summary>
/// The Image Factory of the lab (API of siderolabs/image-factory, <c>docs/api.md</c>): schematics, images that it really
/// builds, versions, extensions, the signing certificate.
/// </summary>
public sealed class LabFactory : ILabPart
{
    private static readonly string[] s_versions = ["v1.10.9", "v1.11.6", "v1.12.3", "v1.12.4", "v1.13.0"];
    private static readonly LabSchematic s_plain = LabSchematic.Parse("customization: {}");

    // The plain one, of which nodes without extensions are, is at every factory.
    private readonly ConcurrentDictionary<string, LabSchematic> _schematics = new() { [s_plain.Id] = s_plain };
    private readonly CancellationTokenSource _stopping = new();
    private LabHttp? _server;
    private LabFactoryImages? _images;

    /// <summary>Where it listens.</summary>
    public Uri Address => (_server ?? throw new InvalidOperationException("The factory has not been started.")).Address;

    /// <summary>What it does wrong.</summary>
    public LabFactoryFaults Faults { get; } = new();

    /// <summary>The requests that it has had, oldest first.</summary>
    public ConcurrentQueue<LabFactoryRequest> Requests { get; } = new();

    /// <summary>About how large the UKIs that it builds are, in bytes.</summary>
    public long ImageSize { get; set; } = 300_000;

    /// <summary>Starts a factory by itself, without a lab around it.</summary>
    /// <param name="folder">Where to build images.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    /// <returns>The factory.</returns>
    public static async Task<LabFactory> StartAloneAsync(string folder, CancellationToken cancellationToken = default)
    {
        var factory = new LabFactory();
        await factory.StartAsync(folder, TimeProvider.System, cancellationToken);
        return factory;
    }

    /// <inheritdoc/>
    public Task StartAsync(LabCluster cluster, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        Faults.ForgetsExtensions = cluster.Options.Faults.Any(f => f.Fault == LabFault.ExtensionMissing);
        return StartAsync(Path.Combine(cluster.Folder, "factory"), cluster.Clock, cancellationToken);
    }

    /// <inheritdoc/>
    public void AddClientFiles(LabClientFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        files.AddVariable("TALOSTAILSCALE_FACTORY", Address.AbsoluteUri);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _stopping.Dispose();
    }

    internal LabSchematic? Schematic(string id) => _schematics.GetValueOrDefault(id);

    private async Task StartAsync(string folder, TimeProvider clock, CancellationToken cancellationToken)
    {
        _images = new LabFactoryImages(folder, Faults, () => ImageSize, clock);
        _server = await LabHttp.StartAsync(HandleAsync, cancellationToken);
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "/";
        Requests.Enqueue(
            new(request.Method, path, request.Headers.Range.FirstOrDefault(), request.Headers.IfRange.FirstOrDefault())
            {
                AcceptEncoding = request.Headers.AcceptEncoding.FirstOrDefault(),
            }
        );
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (Faults.CaptivePortal)
        {
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync("<html><body>Please log in to the network.</body></html>");
            return;
        }

        if (path != "/healthz" && Faults.Statuses.TryDequeue(out var status))
        {
            if (Faults.RetryAfterSeconds is { } seconds)
                context.Response.Headers.RetryAfter = $"{seconds}";
            await TextAsync(context, status, "the lab's factory fails on request");
            return;
        }

        var answer = (request.Method, parts) switch
        {
            ("POST", ["schematics"]) => PostAsync(context),
            ("GET", ["schematics", var id]) => _schematics.TryGetValue(id, out var s)
                ? TextAsync(context, 200, s.Yaml, "application/yaml")
                : TextAsync(context, 404, "schematic not found"),
            ("GET" or "HEAD", ["image", var id, var version, var name]) => ImageAsync(context, id, version, name),
            ("GET" or "HEAD", ["storage", var id, var version, var name]) => StoredAsync(context, id, version, name),
            ("GET", ["versions"]) => JsonAsync(context, 200, s_versions),
            ("GET", ["version", var version, "extensions", "official"]) => ExtensionsAsync(context, version),
            ("GET", ["version", _, "overlays", "official"]) => JsonAsync(context, 200, Array.Empty<string>()),
            ("GET", ["secureboot", "signing-cert.pem"]) => TextAsync(
                context,
                200,
                LabSigningKeys.Factory.Certificate.ExportCertificatePem() + "\n",
                "application/x-pem-file"
            ),
            ("GET" or "HEAD", ["healthz"]) => TextAsync(context, 200, ""),
            _ => TextAsync(context, 404, "404 page not found"),
        };
        await answer;
    }

    private async Task PostAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        LabSchematic schematic;
        try
        {
            schematic = LabSchematic.Parse(await reader.ReadToEndAsync(context.RequestAborted));
        }
        catch (FormatException e)
        {
            await TextAsync(context, 400, e.Message);
            return;
        }

        _schematics[schematic.Id] = schematic;
        await JsonAsync(context, 201, new { id = Faults.OtherId ?? schematic.Id, schematic = schematic.Yaml });
    }

    private async Task ImageAsync(HttpContext context, string id, string version, string name)
    {
        if (await FileAsync(context, id, version, name) is not { } file)
            return;
        if (Faults.RedirectsForEver)
            context.Response.Redirect(context.Request.Path);
        else if (Faults.RedirectsTo is { } elsewhere)
            context.Response.Redirect(elsewhere);
        else if (Faults.Redirects)
            context.Response.Redirect($"/storage/{id}/{version}/{name}");
        else
            await SendAsync(context, file, name);
    }

    private async Task StoredAsync(HttpContext context, string id, string version, string name)
    {
        if (await FileAsync(context, id, version, name) is { } file)
            await SendAsync(context, file, name);
    }

    private async Task SendAsync(HttpContext context, string file, string name)
    {
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        await LabFactoryTransfer.SendAsync(context, file, Faults);
    }

    // Answers itself when there is no such image.
    private async Task<string?> FileAsync(HttpContext context, string id, string version, string name)
    {
        version = version.StartsWith('v') ? version : "v" + version;
        if (name.EndsWith(".sha256", StringComparison.Ordinal) || name.EndsWith(".sha512", StringComparison.Ordinal))
            await TextAsync(context, 402, "checksums are only available in Image Factory Enterprise");
        else if (!_schematics.TryGetValue(id, out var schematic))
            await TextAsync(context, 404, $"schematic \"{id}\" not found");
        else if (!System.Version.TryParse(version[1..], out _))
            await TextAsync(context, 500, "internal server error");
        else if (!s_versions.Contains(version))
            await TextAsync(context, 404, $"version {version} is not available");
        else if (schematic.Extensions.FirstOrDefault(e => LabLayer.All.All(l => l.OfficialName != e)) is { } unknown)
            await TextAsync(
                context,
                400,
                $"official extension \"{unknown}\" is not available for Talos version {version}"
            );
        else if (_images!.Find(schematic, version, name, _stopping.Token) is { } file)
            return await file.WaitAsync(context.RequestAborted);
        else
            await TextAsync(context, 400, "invalid profile");
        return null;
    }

    private static Task ExtensionsAsync(HttpContext context, string version) =>
        JsonAsync(
            context,
            200,
            LabLayer.All.Select(l => new
            {
                name = l.OfficialName,
                @ref = $"ghcr.io/{l.OfficialName}:{l.Version}",
                digest = "sha256:" + new string('0', 64),
                author = l.Author,
                description = $"{l.Description} ({version})",
            })
        );

    private static async Task TextAsync(
        HttpContext context,
        int status,
        string text,
        string type = "text/plain; charset=utf-8"
    )
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = System.Text.Encoding.UTF8.GetByteCount(text);
        if (context.Request.Method != "HEAD")
            await context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static Task JsonAsync(HttpContext context, int status, object value) =>
        TextAsync(context, status, JsonSerializer.Serialize(value), "application/json");
}
