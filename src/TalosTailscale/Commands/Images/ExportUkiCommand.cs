using System.Management.Automation;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Commands;

/// <summary>
/// <para type="synopsis">Takes a unified kernel image out of an ISO, a disk or an ESP image.</para>
/// </summary>
[Cmdlet(VerbsData.Export, "Uki", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(UkiExport))]
public sealed class ExportUkiCommand : TsCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string InputObjectSet = "InputObject";

    /// <summary>Files that hold a UKI: .iso, raw disks, ESP images, .efi. Wildcards are resolved.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet,
        HelpMessage = "A file that holds a UKI: .iso, raw disk, ESP image or .efi; wildcards are resolved."
    )]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files that hold a UKI, with names taken as they are.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = LiteralPathSet,
        HelpMessage = "A file that holds a UKI: .iso, raw disk, ESP image or .efi."
    )]
    [Alias("PSPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>A UKI that Get-Uki found.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipeline = true,
        ParameterSetName = InputObjectSet,
        HelpMessage = "A UKI that Get-Uki found."
    )]
    public UkiInfo? InputObject { get; set; }

    /// <summary>The file to write, or a folder for a file of the UKI's own name. The current folder by default.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = ".";

    /// <summary>Writes to this stream, which stays open, and not to a file.</summary>
    [Parameter]
    public Stream? Stream { get; set; }

    /// <summary>Which UKI of an image that holds several: its path or name inside, wildcards allowed.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string Location { get; set; } = "*";

    /// <summary>
    /// Rebuilds an installer's UKI for an installed system: main boot entry only, no talos.halt_if_installed, no
    /// signatures. The result is unsigned: it boots only where SecureBoot is off and no volume is sealed to the TPM.
    /// </summary>
    [Parameter]
    public SwitchParameter ForInstalledSystem { get; set; }

    /// <summary>Replaces a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (InputObject is { } uki)
        {
            await ExportAsync(uki.Path ?? uki.Name, uki.Location, cancellationToken).ConfigureAwait(false);
            return;
        }

        var literal = ParameterSetName == LiteralPathSet;
        foreach (var given in literal ? LiteralPath : Path)
        {
            try
            {
                foreach (var file in await ResolvePathsAsync(given, literal).ConfigureAwait(false))
                    await ExportAsync(file, null, cancellationToken).ConfigureAwait(false);
            }
            catch (TsException e)
            {
                await WriteErrorAsync(e, given).ConfigureAwait(false);
            }
        }
    }

    private async Task ExportAsync(string file, string? exact, CancellationToken cancellationToken)
    {
        try
        {
            var places = await UkiFinder.FindAsync(file, cancellationToken).ConfigureAwait(false);
            var place = await ChooseAsync(file, places, exact, cancellationToken).ConfigureAwait(false);
            if (Stream is not null)
            {
                await WriteObjectAsync(
                        await UkiExporter
                            .ExportAsync(place, Stream, ForInstalledSystem, Reporter, cancellationToken)
                            .ConfigureAwait(false)
                    )
                    .ConfigureAwait(false);
                return;
            }

            var target = await ResolveNewPathAsync(Destination).ConfigureAwait(false);
            if (Directory.Exists(target))
                target = System.IO.Path.Combine(target, place.Name);
            var action = ForInstalledSystem ? $"Rebuild '{place}' for an installed system" : $"Export '{place}'";
            if (!await ShouldProcessAsync(target, action).ConfigureAwait(false))
                return;
            var export = await UkiExporter
                .ExportAsync(place, target, ForInstalledSystem, Force, Reporter, cancellationToken)
                .ConfigureAwait(false);
            if (export.Rebuilt)
                Reporter.Warning(
                    $"'{target}' is unsigned: it boots only where SecureBoot is off and no volume is sealed to the TPM."
                );
            await WriteObjectAsync(export).ConfigureAwait(false);
        }
        catch (TsException e)
        {
            await WriteErrorAsync(e, file).ConfigureAwait(false);
        }
    }

    private async Task<UkiLocation> ChooseAsync(
        string file,
        IReadOnlyList<UkiLocation> places,
        string? exact,
        CancellationToken cancellationToken
    )
    {
        // Paths inside an image have slashes, whatever the system writes between folders.
        var pattern = WildcardPattern.Get(Location.Replace('\\', '/'), WildcardOptions.IgnoreCase);
        var fitting = await UkiFinder
            .WithoutForeignAsync(
                [
                    .. places.Where(p =>
                        exact is null
                            ? pattern.IsMatch(p.Location ?? p.Name) || pattern.IsMatch(p.Name)
                            : p.Location == exact
                    ),
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        // Backups beside the one entry of a boot menu make nothing ambiguous.
        if (fitting.Count > 1 && fitting.Where(p => p.IsBootEntry).ToList() is [var only])
            return only;
        return fitting switch
        {
            [var one] => one,
            [] => throw ImageErrors.UkiNotFound.New($"'{file}' holds no UKI that fits '{exact ?? Location}'.", file),
            _ => throw ImageErrors.UkiAmbiguous.New(
                $"'{file}' holds {fitting.Count} UKIs that fit '{Location}': {string.Join(", ", fitting.Select(p => p.Location))}.",
                file
            ),
        };
    }
}
