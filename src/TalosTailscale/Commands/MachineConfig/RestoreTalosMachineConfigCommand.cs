using System.Management.Automation;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Goes back to a machine configuration that Set-TalosMachinePatch kept: the node's own newest backup, or the one given.
/// </summary>
[Cmdlet(VerbsData.Restore, "TalosMachineConfig", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(MachinePatchResult))]
public sealed class RestoreTalosMachineConfigCommand : MachineConfigCmdlet
{
    private string? _folder;
    private string? _path;

    /// <summary>The backup: BackupPath of a result; the node's newest one when not given.</summary>
    [Parameter(Mandatory = false, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MachineConfigBackupCompleter))]
    public string? BackupPath { get; set; }

    /// <summary>When it takes effect; without a reboot unless told otherwise.</summary>
    [Parameter(Mandatory = false)]
    public TalosApplyMode Mode { get; set; } = TalosApplyMode.NoReboot;

    /// <summary>The folder of the backups: where the newest is looked for, and what is there now is kept.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? BackupFolder { get; set; }

    /// <summary>Keeps no backup of what is there now, which would hold the cluster's secrets.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter NoBackup { get; set; }

    /// <summary>
    /// Goes back even if the backup is of another machine, documents disappear, or a configuration is staged or being tried;
    /// restarts the only control plane without a question.
    /// </summary>
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
        _path = BackupPath is null ? null : (await ResolvePathsAsync(BackupPath, literal: true))[0];
        await base.ProcessAsync(cancellationToken);
    }

    private protected override object? Input => _path;

    private protected override bool OneInputPerNode => true;

    private protected override async Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    )
    {
        string path = (string?)input
            ?? (await MachineConfigBackup.NewestAsync(client, _folder, cancellationToken)).Path;
        (MachineConfigBackup backup, string text) = await MachineConfigBackup.ReadAsync(path, cancellationToken);
        ConfigSecrets.Register(text);
        var flow = new MachineConfigFlow(
            client,
            new MachineConfigOptions
            {
                Mode = Mode,
                Force = Force,
                BackupFolder = _folder,
                NoBackup = NoBackup,
            },
            Reporter
        );
        MachineConfigPlan plan = await flow.PlanRestoreAsync(backup, text, cancellationToken);
        string action = $"Go back to the machine configuration of '{backup}'";
        await WriteObjectAsync(await ConfirmedAsync(client, node, flow, plan, action, Force, cancellationToken));
    }
}
