using System.Management.Automation;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Finds everything that still says the address at which a node no longer lives, and corrects what -Repair names. The
/// node is recognised by its identity in the cluster, by its machine id in Kubernetes, or by the name that it kept.
/// Without -Repair nothing is changed.
/// </summary>
[Cmdlet(VerbsData.Update, "TalosNodeAddress", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(TsAddressReference))]
public sealed partial class UpdateTalosNodeAddressCommand : TalosCmdlet
{
    private const string Looking = "Looking for the old address";
    private AddressSurveyOptions _options = new();
    private DeviceInventory? _devices;
    private KubernetesConnection? _kubernetes;
    private IReadOnlyList<KubernetesNodeState> _kubernetesNodes = [];
    private string? _kubeConfig;

    /// <summary>Looks at one node after the other: repairs of two must not meet in one file.</summary>
    public UpdateTalosNodeAddressCommand() => ThrottleLimit = 1;

    private protected override bool TakesMachinesOnce => false;

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        await base.BeginAsync(cancellationToken);
        _devices = await OnPipelineAsync(() => SessionInventory.LoadIfAny(SessionState, Inventory));
        _kubeConfig = KubeConfig is null ? null : await ResolveNewPathAsync(KubeConfig);
        var paths = new List<string>();
        foreach (string path in Path)
            paths.AddRange(await ResolvePathsAsync(path, literal: false));
        if (Path.Length == 0 && _devices is not null)
            paths.Add(SearchFolder(_devices.Folder));
        _options = new AddressSurveyOptions
        {
            Paths = paths,
            KubeConfigs = _kubeConfig is not null ? [_kubeConfig] : KubernetesConnection.DefaultFiles(),
            BackupFolder = BackupFolder is null ? null : await ResolveNewPathAsync(BackupFolder),
        };
        Reporter.Verbose($"Looking for the old address below '{string.Join("', '", paths)}'.");
    }

    private protected override async Task PrepareAsync(IReadOnlyList<TsNode> nodes, CancellationToken cancellationToken)
    {
        try
        {
            _kubernetes = await KubernetesAccess.OpenAsync(Client, _kubeConfig, KubeContext, cancellationToken);
            _kubernetesNodes = await KubernetesNodes.ListAsync(_kubernetes, cancellationToken);
        }
        catch (TsException e) when (!Repair.HasFlag(TsAddressPlace.KubernetesNode) && !KubernetesAccess.IsRefusal(e))
        {
            // The rest can be looked at, and the kubeconfig may be what has to be repaired first.
            _kubernetes?.Dispose();
            _kubernetes = null;
            Reporter.Warning($"Kubernetes could not be asked, so its nodes are left out: {e.Message}");
        }
    }

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        var finder = new AddressDriftFinder(Client, _kubernetesNodes, _devices, Reporter);
        Reporter.Progress(new ProgressStep(Looking, node.Name, "asking the cluster where the node lives"));
        AddressDrift? drift = await finder.FindAsync(node, OldAddress, NewAddress, cancellationToken);
        if (drift is null)
        {
            Reporter.Verbose($"{node.Name}: lives at {node.Address}, as the inventory says.");
            return;
        }

        Reporter.Progress(new ProgressStep(Looking, node.Name, $"finding what still says {drift.OldAddress}"));
        var survey = new AddressSurvey(drift, Client, _kubernetes, _options, Reporter);
        await foreach (AddressChange change in survey.RunAsync(cancellationToken))
        foreach (TsAddressReference reference in await TreatAsync(change, cancellationToken))
            await WriteObjectAsync(reference);
    }

    private async Task<IReadOnlyList<TsAddressReference>> TreatAsync(
        AddressChange change,
        CancellationToken cancellationToken
    )
    {
        if (!change.CanRepair || !Repair.HasFlag(change.Place))
            return change.References;
        if (!await ShouldProcessAsync(change.Target, change.Action))
            return change.References;
        try
        {
            IReadOnlyList<TsAddressReference> repaired = await change.RepairAsync(cancellationToken);
            if (change.Afterwards is { } afterwards)
                Reporter.Warning(afterwards);
            return repaired;
        }
        catch (TsException e)
        {
            // One thing that cannot be corrected is one error; the others go on.
            await WriteErrorAsync(e, change.Target);
            return change.References;
        }
    }

    // Documentation lies beside the devices folder where both are in one repository.
    private static string SearchFolder(string devices)
    {
        string? parent = System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(devices));
        return parent is not null && System.IO.Path.Exists(System.IO.Path.Combine(parent, ".git")) ? parent : devices;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _kubernetes?.Dispose();
        base.Dispose(disposing);
    }
}
