using System.Management.Automation;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;

namespace TalosTailscale.Commands;

/// <summary>Puts a backup back under the name that nodes boot; what was there becomes the backup.</summary>
[Cmdlet(VerbsData.Restore, "Uki", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(UkiSwapResult))]
[OutputType(typeof(UkiSwapPlan))]
public sealed class RestoreUkiCommand : UkiSwapCmdlet
{
    /// <summary>The file name of the backup in EFI/Linux; the newest backup of the booted entry when not given.</summary>
    [Parameter(Mandatory = false, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Backup { get; set; }

    private protected override object? Input => Backup;

    private protected override bool OneInputPerNode => true;

    private protected override UkiSwapOptions Options() =>
        new()
        {
            Skip = SkipGate.Union(UkiSwapGates.OfOldImage).ToHashSet(),
            Reboot = Reboot,
            KeepDuplicates = true,
        };

    private protected override Task<UkiSwapSource> SourceAsync(
        EspSession session,
        SwapNodeFacts facts,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    ) => session.FindSourceAsync(facts, backup: true, (string?)input, cancellationToken);
}
