using System.Collections.Concurrent;
using System.Management.Automation;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Gets images from the Image Factory for nodes, or by parameters alone, and verifies what is in them.</summary>
[Cmdlet(VerbsData.Save, "TalosImage", SupportsShouldProcess = true)]
[OutputType(typeof(TalosImage))]
public sealed partial class SaveTalosImageCommand : TalosCmdlet
{
    private readonly ConcurrentDictionary<string, Lazy<Task<TalosImage>>> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _schematics = new(StringComparer.Ordinal);
    private ImageFactoryClient? _factory;
    private ImageSource? _source;
    private bool _named;

    // Everything is said by parameters: no node is asked, no talosconfig is needed.
    private bool ByParameters => Version is not null && Architecture != TalosArchitecture.Unknown && Node.Length == 0;

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        _factory = new ImageFactoryClient(ImageFactoryUri.Resolve(FactoryUri), FactoryOptions.With(Proxy), Reporter);
        _source = new ImageSource(_factory, Reporter);
        if (!ByParameters)
            await base.BeginAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        _named |= SchematicId is not null;
        if (SchematicId is not null)
            _schematics.Add(Core.ImageFactory.SchematicId.Parse(SchematicId));
        if (!ByParameters)
            await base.ProcessAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        if (!ByParameters)
        {
            await base.EndAsync(cancellationToken);
            return;
        }

        if (Extension.Length == 0 && !_named)
            throw ImageFactoryErrors.ImageChoiceIncomplete.New(
                $"Neither extensions nor a schematic were given for {Version} {Architecture}.",
                Version
            );
        foreach (var choice in Choices(Version!, Architecture, SecureBoot, null, null))
            await EmitAsync(choice, null, cancellationToken);
    }

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        var running = await client.VersionAsync(cancellationToken);
        var security = await client.SecurityStateAsync(cancellationToken);
        // A -secureboot image also runs where firmware does not enforce it.
        bool signed = MyInvocation.BoundParameters.ContainsKey(nameof(SecureBoot))
            ? SecureBoot
            : await client.RunsSignedAsync(security, cancellationToken) == true;
        var schematic =
            Extension.Length == 0 && _schematics.Count == 0
                ? ImageChoice.SchematicFor(node.Name, await client.ExtensionsAsync(cancellationToken))
                : null;
        var architecture = Architecture == TalosArchitecture.Unknown ? running.Architecture : Architecture;
        foreach (
            var choice in Choices(
                Version ?? running.Tag,
                architecture,
                signed,
                schematic,
                security.PcrSigningKeyFingerprint
            )
        )
            await EmitAsync(choice, node, cancellationToken);
    }

    private IEnumerable<ImageChoice> Choices(
        string version,
        TalosArchitecture architecture,
        bool secureBoot,
        Schematic? schematic,
        string? pcrKey
    )
    {
        if (Extension.Length > 0)
            schematic = Schematic.FromExtensions(Extension);
        IEnumerable<string> ids = schematic is null ? _schematics.Order() : [schematic.Id];
        foreach (var id in ids)
        {
            yield return new ImageChoice
            {
                Kind = Kind,
                Version = VersionTag.Parse(version),
                Architecture = architecture,
                SecureBoot = secureBoot,
                SchematicId = Core.ImageFactory.SchematicId.Parse(id),
                Schematic = schematic,
                PcrKeyFingerprint = pcrKey,
            };
        }
    }

    private async Task EmitAsync(ImageChoice choice, TsNode? node, CancellationToken cancellationToken)
    {
        var path = await PathOfAsync(choice);
        var what =
            Kind == TalosImageKind.Installer
                ? $"Register the schematic {choice.SchematicId}"
                : $"Download {_source!.UriOf(choice)}";
        var target = Kind == TalosImageKind.Installer ? _factory!.Factory.Authority : path;
        if (!await ShouldProcessAsync(target, what))
            return;
        // Nodes of one kind share one file, which is fetched once.
        var image = await _files.GetOrAdd(path, p => new(() => SaveAsync(choice, p, cancellationToken))).Value;
        await WriteObjectAsync(image with { Node = node?.Name });
    }

    private async Task<TalosImage> SaveAsync(ImageChoice choice, string path, CancellationToken cancellationToken)
    {
        var schematic = await _source!.RegisterAsync(choice, cancellationToken);
        var image =
            Kind == TalosImageKind.Installer
                ? await _source.InstallerAsync(choice, schematic, cancellationToken)
                : await _source.SaveAsync(choice, schematic, path, Force, cancellationToken);
        var cache = FactoryCache.Load().With([choice.Version], schematic?.Extensions ?? []);
        if (Kind == TalosImageKind.Installer)
        {
            var (versions, extensions) = await _source.OffersAsync(choice.Version, cancellationToken);
            cache = cache.With(versions.Reverse(), extensions);
        }

        (schematic is null ? cache : cache.With(schematic.ToModel(_factory!.Factory))).Save();
        return image;
    }

    private async Task<string> PathOfAsync(ImageChoice choice)
    {
        if (Kind == TalosImageKind.Installer)
            return choice.SchematicId;
        var given = await ResolveNewPathAsync(Destination ?? ".");
        var isFile = !Directory.Exists(given) && System.IO.Path.GetExtension(given) is ".efi" or ".iso";
        return isFile ? given : System.IO.Path.Combine(given, choice.FileName);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _factory?.Dispose();
        base.Dispose(disposing);
    }
}
