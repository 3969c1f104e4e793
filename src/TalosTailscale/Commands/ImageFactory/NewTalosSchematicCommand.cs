using System.Management.Automation;
using TalosTailscale.Core.ImageFactory;

namespace TalosTailscale.Commands;

/// <summary>Makes a schematic of the Image Factory and registers it: its id is computed here, and the factory's has to agree.</summary>
[Cmdlet(VerbsCommon.New, "TalosSchematic", DefaultParameterSetName = ExtensionSet, SupportsShouldProcess = true)]
[OutputType(typeof(TalosSchematic))]
public sealed class NewTalosSchematicCommand : TsCmdlet
{
    private const string ExtensionSet = "Extension";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const int MaximumFile = 1 << 20;
    private readonly List<string> _extensions = [];

    /// <summary>Official extensions (<c>siderolabs/tailscale</c>), in the order that the id depends on. That one when none is given.</summary>
    [Parameter(Mandatory = false, Position = 0, ValueFromPipeline = true, ParameterSetName = ExtensionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ExtensionNameCompleter))]
    public string[] Extension { get; set; } = [];

    /// <summary>Kernel arguments to add, or to take away with a dash in front.</summary>
    [Parameter(Mandatory = false, ParameterSetName = ExtensionSet)]
    [ValidateNotNullOrEmpty]
    public string[] ExtraKernelArg { get; set; } = [];

    /// <summary>Files with a schematic each, in YAML or JSON. Wildcards are resolved.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = PathSet,
        HelpMessage = "A file with a schematic in YAML or JSON; wildcards are resolved."
    )]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files with a schematic each, with names taken as they are.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = LiteralPathSet,
        HelpMessage = "A file with a schematic in YAML or JSON."
    )]
    [Alias("PSPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Computes the id and asks nobody. Images of a schematic can be had once it has been registered.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Offline { get; set; }

    /// <summary>The Image Factory; else the one that TALOSTAILSCALE_FACTORY names, else https://factory.talos.dev.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public Uri? FactoryUri { get; set; }

    /// <summary>A proxy; that of the environment when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public Uri? Proxy { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        FactoryUri = ImageFactoryUri.Resolve(FactoryUri);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        _extensions.AddRange(Extension);
        var literal = ParameterSetName == LiteralPathSet;
        foreach (var given in literal ? LiteralPath : Path)
        {
            try
            {
                foreach (var file in await ResolvePathsAsync(given, literal))
                    await RegisterAsync(await ReadAsync(file, cancellationToken), cancellationToken);
            }
            catch (TsException e)
            {
                await WriteErrorAsync(e, given);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        // Names from the pipeline make one schematic together.
        if (ParameterSetName != ExtensionSet)
            return;
        string[] names =
            _extensions.Count > 0 || ExtraKernelArg.Length > 0 ? [.. _extensions] : [Schematic.TailscaleExtension];
        await RegisterAsync(Schematic.FromExtensions(names, ExtraKernelArg), cancellationToken);
    }

    private async Task RegisterAsync(Schematic schematic, CancellationToken cancellationToken)
    {
        var model = schematic.ToModel();
        if (!Offline && await ShouldProcessAsync(FactoryUri!.Authority, $"Register the schematic {schematic.Id}"))
        {
            using var client = new ImageFactoryClient(FactoryUri, FactoryOptions.With(Proxy), Reporter);
            model = await client.RegisterAsync(schematic, cancellationToken);
        }

        FactoryCache.Load().With(model).Save();
        await WriteObjectAsync(model);
    }

    private static async Task<Schematic> ReadAsync(string file, CancellationToken cancellationToken)
    {
        if (new FileInfo(file) is { Exists: true, Length: > MaximumFile } large)
            throw ImageFactoryErrors.SchematicInvalid.New(
                $"'{file}' has {large.Length} bytes; at most {MaximumFile} were expected.",
                file
            );
        try
        {
            return Schematic.Parse(await File.ReadAllTextAsync(file, cancellationToken), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageFactoryErrors.SchematicInvalid.New($"'{file}' could not be read: {e.Message}", file, e);
        }
    }
}
