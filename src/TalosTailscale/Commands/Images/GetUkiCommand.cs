using System.Management.Automation;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Commands;

/// <summary>
/// <para type="synopsis">Looks into unified kernel images, wherever they are.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "Uki", DefaultParameterSetName = PathSet)]
[OutputType(typeof(UkiInfo))]
[OutputType(typeof(UkiSection))]
public sealed class GetUkiCommand : TsCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Files to look into: .efi, .iso, raw disks, ESP images. Wildcards are resolved.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet,
        HelpMessage = "A file to look into: .efi, .iso, raw disk or ESP image; wildcards are resolved."
    )]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files to look into, with names taken as they are.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = LiteralPathSet,
        HelpMessage = "A file to look into: .efi, .iso, raw disk or ESP image."
    )]
    [Alias("PSPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Leaves out everything that reads the whole UKI: SHA-256 and the check of the signature.</summary>
    [Parameter]
    public SwitchParameter NoHash { get; set; }

    /// <summary>Gives the sections of each UKI, with sizes and hashes, and not the UKI.</summary>
    [Parameter]
    public SwitchParameter Section { get; set; }

    /// <summary>
    /// Files with certificates (DER or PEM) that the signer must be or descend from; the answer is SignerTrusted.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] TrustedCertificate { get; set; } = [];

    private List<byte[]> Trusted { get; } = [];

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        foreach (var given in TrustedCertificate)
        {
            foreach (var file in await ResolvePathsAsync(given, literal: false).ConfigureAwait(false))
                Trusted.AddRange(await TrustedCertificates.ReadAsync(file, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        var literal = ParameterSetName == LiteralPathSet;
        foreach (var given in literal ? LiteralPath : Path)
        {
            try
            {
                foreach (var file in await ResolvePathsAsync(given, literal).ConfigureAwait(false))
                    await ReadAsync(file, cancellationToken).ConfigureAwait(false);
            }
            catch (TsException e)
            {
                await WriteErrorAsync(e, given).ConfigureAwait(false);
            }
        }
    }

    private async Task ReadAsync(string file, CancellationToken cancellationToken)
    {
        IReadOnlyList<UkiLocation> places;
        try
        {
            places = await UkiFinder.FindAsync(file, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException e)
        {
            await WriteErrorAsync(e, file).ConfigureAwait(false);
            return;
        }

        var options = new UkiReadOptions
        {
            Hash = !NoHash,
            SectionHashes = Section && !NoHash,
            Extensions = !Section,
            TrustedCertificates = Trusted,
            Reporter = Reporter,
        };
        foreach (var place in places)
        {
            try
            {
                Reporter.Verbose($"Reading '{place}', {place.Size} bytes.");
                var uki = await place.ReadAsync(options, cancellationToken).ConfigureAwait(false);
                await (
                    Section ? WriteObjectAsync(uki.Sections, enumerate: true) : WriteObjectAsync(uki)
                ).ConfigureAwait(false);
            }
            catch (TsException e)
            {
                await WriteErrorAsync(e, place.ToString()).ConfigureAwait(false);
            }
        }
    }
}
