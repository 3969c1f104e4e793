using System.Management.Automation;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Commands;

/// <summary>
/// Writes entries of <c>devices/</c> that Get-TsNode -Discover proposed. Files that are there are kept, unless -Force is
/// given.
/// </summary>
[Cmdlet(VerbsData.Export, "TsNode", SupportsShouldProcess = true)]
[OutputType(typeof(TsNode))]
public sealed class ExportTsNodeCommand : TsCmdlet
{
    private string _folder = "";

    /// <summary>The proposals.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "What Get-TsNode -Discover gave.")]
    public TsNodeProposal[] InputObject { get; set; } = [];

    /// <summary>The devices folder, made when it is not there; a folder 'devices' at the current location when not given.</summary>
    [Parameter(Mandatory = false, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = DeviceInventory.FolderName;

    /// <summary>Writes over files that are there and say something else.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    /// <summary>Gives the nodes as the inventory reads them afterwards.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken) =>
        _folder = await ResolveNewPathAsync(Path);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (TsNodeProposal proposal in InputObject)
        {
            IReadOnlyList<ProposedFile> files = await ProposalWriter.CompareAsync(_folder, proposal, cancellationToken);
            foreach (ProposedFile kept in files.Where(file => file.State == ProposedFileState.Differs && !Force))
                Reporter.Warning(
                    $"{proposal.Name}: '{kept.FullPath}' is there and says something else; it is kept. -Force writes over it."
                );
            ProposedFile[] writing =
            [
                .. files.Where(file =>
                    file.State == ProposedFileState.New || (Force && file.State == ProposedFileState.Differs)
                ),
            ];
            string names = string.Join(", ", writing.Select(file => file.File.Path));
            if (writing.Length > 0 && !await ShouldProcessAsync(_folder, $"Write {names}"))
                continue;
            await ProposalWriter.WriteAsync(writing, cancellationToken);
            if (PassThru)
                await WriteObjectAsync(DeviceInventory.Load(_folder).Find(proposal.Name));
        }
    }
}
