using System.Management.Automation;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Patches the machine configuration of nodes, or of a file, without losing a byte that no patch touches: shows the
/// difference, has the node try it, keeps a backup, applies without a reboot and compares.
/// </summary>
[Cmdlet(VerbsCommon.Set, "TalosMachinePatch", SupportsShouldProcess = true, DefaultParameterSetName = NodeSet)]
[OutputType(typeof(MachinePatchResult))]
public sealed partial class SetTalosMachinePatchCommand : MachineConfigCmdlet
{
    private const string NodeSet = "Node";
    private const string FileSet = "File";
    private readonly ServiceConfigs _services = new();
    private IReadOnlyList<ConfigPatch> _patches = [];
    private string? _backups;

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        // Read once and before anything is dialled: a patch that is no YAML ends it for all nodes.
        _patches = await PatchInput.ReadAsync(Patch, ResolvePathsAsync, cancellationToken);
        if (ParameterSetName == FileSet)
            return;
        if (BackupFolder is not null)
            _backups = await ResolveNewPathAsync(BackupFolder);
        await base.BeginAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == FileSet)
            return;
        _services.Add(ServiceConfig);
        await base.ProcessAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == FileSet)
            await FileAsync(cancellationToken);
        else
            await base.EndAsync(cancellationToken);
    }

    private protected override Task PrepareAsync(IReadOnlyList<TsNode> nodes, CancellationToken cancellationToken)
    {
        _services.RequireFor(nodes);
        return base.PrepareAsync(nodes, cancellationToken);
    }

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<ConfigPatch> patches = await PatchInput.ForNodeAsync(
            node,
            _services.Of(node),
            _patches,
            IsWhatIf,
            Reporter,
            cancellationToken
        );
        Reporter.Verbose(
            $"{node.Name}: patches in their order: {string.Join(", ", patches.Select(patch => patch.Name))}."
        );
        var options = new MachineConfigOptions
        {
            ListMerge = ListMerge,
            Mode = Mode,
            TryTimeout = Mode == TalosApplyMode.Try ? TryTimeout : null,
            AllowUnknownKeys = AllowUnknownKey,
            Strict = Strict,
            Force = Force,
            BackupFolder = _backups,
            NoBackup = NoBackup,
            ServiceTimeout = ServiceTimeout,
        };
        var flow = new MachineConfigFlow(client, options, Reporter);
        MachineConfigPlan plan = await flow.PlanAsync(patches, cancellationToken);
        foreach (MachineConfigWarning warning in plan.Warnings)
        {
            // Of what is there already it was warned when it came.
            if (plan.Changed)
                Reporter.Warning($"{plan.Node}: {warning}");
            else
                Reporter.Verbose($"{plan.Node}: {warning}");
        }

        const string action = "Patch the machine configuration";
        await WriteObjectAsync(await ConfirmedAsync(client, node, flow, plan, action, Force, cancellationToken));
    }

    private async Task FileAsync(CancellationToken cancellationToken)
    {
        string path = (await ResolvePathsAsync(Path!, literal: false))[0];
        string name = System.IO.Path.GetFileName(path);
        foreach (ConfigPatch patch in _patches)
            ConfigSecrets.Register(patch.Text);
        string before = ConfigText.Decode(await File.ReadAllBytesAsync(path, cancellationToken), name);
        ConfigSecrets.Register(before);
        AdaptedPatches adapted = PatchForms.Adapt(before, _patches, name, mode: ListMerge);
        foreach (string note in adapted.Notes)
            Reporter.Verbose(note);
        PatchedConfig result = MachineConfigPatcher.Apply(before, adapted.Patches, ListMerge, name, AllowUnknownKey);
        IReadOnlyList<MachineConfigWarning> warnings = ConfigValidator.Check(
            before,
            result.Text,
            name,
            null,
            Strict,
            [.. adapted.Warnings, .. PatchedServiceSettings.Check(before, result.Text)]
        );
        foreach (MachineConfigWarning warning in result.IsChanged ? warnings : [])
            Reporter.Warning($"{name}: {warning}");
        string? target = OutFile is null ? null : await ResolveNewPathAsync(OutFile);
        string diff = UnifiedDiff.Create(before, result.Text, name);
        bool write =
            target is not null
            && (result.IsChanged || target != path)
            && await ShouldProcessAsync(target, $"Write the patched machine configuration\n{diff}");
        if (write)
        {
            GitIgnore git = await GitIgnore.CheckAsync(target!, cancellationToken);
            if (git.MayBeTaken)
                Reporter.Warning(
                    $"{name}: '{target}' holds the cluster's secrets, and "
                        + (git.State == GitIgnoreState.NotIgnored ? "git does not ignore it." : $"{git.Reason}.")
                );
            await PrivateFile.ReplaceAsync(target!, ConfigText.Encode(result.Text), cancellationToken);
        }

        await WriteObjectAsync(
            new MachinePatchResult
            {
                Node = name,
                Changed = result.IsChanged,
                Applied = write,
                Warnings = warnings,
                Diff = diff,
                Documents = result.Documents,
                OutFile = write ? target : null,
            }
        );
    }
}
