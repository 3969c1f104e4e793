using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using TalosTailscale.Lab.Factory;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Lab.Registry;

/// <summary>
/// The registries of the lab behind one server (OCI distribution spec 1.1, read-only), told apart by <c>?ns=HOST</c> as
/// containerd tells its mirrors: the factory's installers, the stock installer, and the one that only the tailnet reaches.
/// </summary>
public sealed class LabRegistry : ILabPart, ILabImageRegistry
{
    private readonly ConcurrentDictionary<string, Lazy<OciImage>> _images = new();
    private readonly ConcurrentDictionary<string, string> _pushed = new();
    private readonly LabRegistryClient _client = new();
    private LabHttp? _server;
    private LabFactory? _factory;
    private string _privateHost = "registry.ide-newton.ts.net";
    private string _version = "v1.12.4";

    /// <summary>Where it listens.</summary>
    public Uri Address =>
        (_server ?? throw new InvalidOperationException("The registry has not been started.")).Address;

    /// <summary>Size of the UKI in an installer image, in bytes at least; real ones have about 100 MB.</summary>
    public long InstallerUkiSize { get; set; } = new LabUkiSpec().Size;

    /// <summary>The requests that it has had, oldest first: method, path and query.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <inheritdoc/>
    public async Task StartAsync(LabCluster cluster, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        _factory = cluster.Part<LabFactory>();
        _privateHost = cluster.Options.RegistryHost;
        _version = cluster.Options.TalosVersion;
        Push("lab/registry-smoketest:1");
        _server = await LabHttp.StartAsync(HandleAsync, cancellationToken);
    }

    /// <summary>Puts a small image into the registry that only the tailnet reaches.</summary>
    /// <param name="name">Repository and tag (<c>lab/registry-smoketest:2</c>).</param>
    public void Push(string name) => _pushed[name] = name;

    /// <inheritdoc/>
    public void AddClientFiles(LabClientFiles files) { }

    /// <inheritdoc/>
    public bool HasHost(string host) => host == _privateHost || host is "factory.talos.dev" or "ghcr.io";

    /// <inheritdoc/>
    public Task<LabImage?> PullAsync(
        string reference,
        TalosArchitecture architecture,
        CancellationToken cancellationToken
    ) => _client.PullAsync(Address, ImageReference.Parse(reference), architecture, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> SaveInstallerUkiAsync(
        string reference,
        TalosArchitecture architecture,
        string path,
        CancellationToken cancellationToken
    ) => _client.SaveUkiAsync(Address, ImageReference.Parse(reference), architecture, path, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue($"{request.Method} {request.Path}{request.QueryString}");
        context.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
        var path = request.Path.Value!.Trim('/');
        if (path == "v2")
        {
            await context.Response.WriteAsync("{}");
            return;
        }

        var parts = path.Split('/');
        if (
            request.Method is not ("GET" or "HEAD")
            || parts.Length < 4
            || parts[0] != "v2"
            || parts[^2] is not ("manifests" or "blobs")
        )
        {
            await ErrorAsync(context, "NAME_UNKNOWN", "repository name not known to registry");
            return;
        }

        var host = request.Query["ns"].FirstOrDefault() ?? _privateHost;
        var blob = Blob(host, string.Join('/', parts[1..^2]), parts[^1], manifests: parts[^2] == "manifests");
        if (blob is not var (content, type, digest))
        {
            await ErrorAsync(context, parts[^2] == "blobs" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN", "not found");
            return;
        }

        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        context.Response.Headers["Docker-Content-Digest"] = digest;
        if (request.Method == "GET")
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }

    private (byte[] Content, string Type, string Digest)? Blob(
        string host,
        string repository,
        string reference,
        bool manifests
    )
    {
        if (reference.StartsWith("sha256:", StringComparison.Ordinal))
        {
            var prefix = $"{host}/{repository}:";
            return
                _images
                    .Where(i => i.Key.StartsWith(prefix, StringComparison.Ordinal))
                    .Select(i => i.Value.Value.Blob(reference))
                    .FirstOrDefault(b => b is not null)
                    is var (content, type)
                ? (content, manifests ? type : "application/octet-stream", reference)
                : null;
        }

        if (!manifests || Image(host, repository, reference) is not { } image)
            return null;
        var index = image.Blob(image.Digest)!.Value;
        return (index.Content, index.Type, image.Digest);
    }

    private OciImage? Image(string host, string repository, string tag)
    {
        if (host == _privateHost)
            return _pushed.ContainsKey($"{repository}:{tag}")
                ? Cached(host, repository, tag, _ => new Dictionary<string, byte[]>
                {
                    ["smoketest"] = LabBytes.Make(tag, 4096),
                })
                : null;
        if (!System.Version.TryParse(tag.TrimStart('v'), out _) && tag != "latest")
            return null;
        var version = tag == "latest" ? _version : tag;
        if (host == "ghcr.io")
            // Not published any more since 1.14.
            return
                repository == "siderolabs/installer"
                && System.Version.Parse(version.TrimStart('v')) < new System.Version(1, 14)
                ? Cached(host, repository, tag, a =>
                    Installer(new LabUkiSpec { Vanilla = true, Extensions = [] }, version, a)
                )
                : null;
        var parts = repository.Split('/');
        if (
            host != "factory.talos.dev"
            || parts.Length != 2
            || _factory?.Schematic(parts[1]) is not { } schematic
            || parts[0]
                is not ("metal-installer" or "installer" or "metal-installer-secureboot" or "installer-secureboot")
        )
            return null;
        var forgets = _factory.Faults.ForgetsExtensions;
        return Cached(host, repository, tag, a => Installer(
                new LabUkiSpec
                {
                    SchematicYaml = schematic.Yaml,
                    Extensions = forgets ? [] : [.. schematic.Extensions.Select(LabLayer.Official)],
                    ExtraKernelArgs = schematic.ExtraKernelArgs,
                    SecureBoot = parts[0].EndsWith("-secureboot", StringComparison.Ordinal),
                },
                version,
                a
            ));
    }

    private OciImage Cached(
        string host,
        string repository,
        string tag,
        Func<TalosArchitecture, IReadOnlyDictionary<string, byte[]>> files
    ) => _images.GetOrAdd($"{host}/{repository}:{tag}", _ => new(() => OciImage.Make(files))).Value;

    private Dictionary<string, byte[]> Installer(LabUkiSpec spec, string version, TalosArchitecture architecture)
    {
        var name = architecture == TalosArchitecture.Arm64 ? "arm64" : "amd64";
        return new()
        {
            [$"usr/install/{name}/systemd-boot.efi"] = LabImages.BootManager(
                architecture,
                spec.SecureBoot ? LabSigningKeys.Factory : null
            ),
            [$"usr/install/{name}/vmlinuz.efi"] = LabImages.Uki(
                spec with
                {
                    Version = version,
                    Architecture = architecture,
                    Kind = LabUkiKind.Installer,
                    Size = InstallerUkiSize,
                }
            ),
        };
    }

    private static Task ErrorAsync(HttpContext context, string code, string message)
    {
        context.Response.StatusCode = 404;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(new { errors = new[] { new { code, message } } }));
    }
}
