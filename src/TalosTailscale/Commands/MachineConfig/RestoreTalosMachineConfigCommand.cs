using System.Management.Automation;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Goes back to a machine configuration that Set-TalosMachinePatch kept.</summary>
[Cmdlet(VerbsData.Restore, "TalosMachineConfig", SupportsShouldProcess = true)]
[OutputType(typeof(MachinePatchResult))]
public sealed class RestoreTalosMachineConfigCommand : TalosCmdlet
{
    private readonly Dictionary<string, string> _backups = new(StringComparer.OrdinalIgnoreCase);
    private string? _folder;

    /// <summary>The backup: BackupPath of a result.</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The backup file: BackupPath of what Set-TalosMachinePatch gave."
    )]
    [ValidateNotNullOrEmpty]
    public string? BackupPath { get; set; }

    /// <summary>When it takes effect; without a reboot unless told otherwise.</summary>
    [Parameter(Mandatory = false)]
    public TalosApplyMode Mode { get; set; } = TalosApplyMode.NoReboot;

    /// <summary>The folder for the backup of what is there now.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? BackupFolder { get; set; }

    /// <summary>Goes back even if documents disappear, or a configuration is staged or being tried.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (BackupFolder is not null)
            _folder = await ResolveNewPathAsync(BackupFolder);
        await base.BeginAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        string path = (await ResolvePathsAsync(BackupPath!, literal: true))[0];
        foreach (TsNodeReference reference in NodeReferences)
            _backups[reference.Text] = path;
        await base.ProcessAsync(cancellationToken);
    }

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        string path = _backups.GetValueOrDefault(node.Name)
            ?? _backups.GetValueOrDefault(node.Address)
            ?? (await ResolvePathsAsync(BackupPath!, literal: true))[0];
        string source = Path.GetFileName(path);
        string text = ConfigText.Decode(await File.ReadAllBytesAsync(path, cancellationToken), source);
        ConfigSecrets.Register(text);
        var flow = new MachineConfigFlow(
            client,
            new MachineConfigOptions
            {
                Mode = Mode,
                Force = Force,
                BackupFolder = _folder,
            },
            Reporter
        );
        MachineConfigPlan plan = await flow.PlanRestoreAsync(text, source, cancellationToken);
        bool go =
            plan.Changed
            && await ShouldProcessAsync(
                Describe(node),
                $"Go back to the machine configuration of '{source}' ({plan.Summary})\n{plan.Diff}"
            );
        await WriteObjectAsync(go ? await flow.ApplyAsync(plan, cancellationToken) : MachineConfigFlow.Result(plan));
    }
}
