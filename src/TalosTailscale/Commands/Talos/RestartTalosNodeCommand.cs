using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Restarts nodes, one after the other, and waits for them if asked to.</summary>
[Cmdlet(VerbsLifecycle.Restart, "TalosNode", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(TalosWaitResult), typeof(TalosRestart))]
public sealed class RestartTalosNodeCommand : TalosCmdlet
{
    private ControlPlaneRestarts? _restarts;

    /// <summary>Restarts nodes one at a time unless told otherwise.</summary>
    public RestartTalosNodeCommand() => ThrottleLimit = 1;

    /// <summary>How: PowerCycle goes through the firmware, which a swapped UKI needs to be tried.</summary>
    [Parameter(Mandatory = false)]
    public TalosRebootMode Mode { get; set; } = TalosRebootMode.Default;

    /// <summary>Waits until each node is running and ready again before the next one is restarted.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait for one node; 30 minutes when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Timeout { get; set; } = new TalosWaitOptions().Timeout;

    /// <summary>Without -Wait, gives an object that Wait-TalosNode takes.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter PassThru { get; set; }

    /// <summary>
    /// Restarts also a control plane node whose etcd the others cannot do without, and the only one without a question.
    /// </summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    /// <summary>Goes on with the next node after one that failed.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter ContinueOnError { get; set; }

    private protected override bool StopsAtFailure => !ContinueOnError && !IsWhatIf;

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        _restarts = new ControlPlaneRestarts(new TalosWaitOptions { Timeout = Timeout }, EtcdQuorum.Force, Reporter);
        return base.BeginAsync(cancellationToken);
    }

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        TalosBootMark? before = await _restarts!.RestartAsync(
            client,
            Force,
            async etcd =>
                await ShouldProcessAsync(Describe(node), $"Restart ({Mode})")
                && await AgreesToRestartAsync(etcd, node.Name, Force),
            () => RestartAsync(client, cancellationToken),
            cancellationToken
        );
        if (before is null)
            return;
        Reporter.Verbose($"{node.Name}: restart begun, boot id was {before.BootId ?? "not readable"}.");
        if (Wait)
        {
            var options = new TalosWaitOptions { Timeout = Timeout };
            await WriteObjectAsync(
                await TalosNodeWait.ForReadyAsync(client, before, options, Reporter, cancellationToken)
            );
        }
        else if (PassThru)
        {
            await WriteObjectAsync(
                new TalosRestart
                {
                    Node = node.Name,
                    PreviousBootId = before.BootId,
                    PreviousBootTime = before.BootTime,
                    NodeId = before.NodeId,
                    PreviousHostname = before.Hostname,
                    PreviousAddress = before.MemberAddress,
                }
            );
        }
    }

    private async Task<TalosBootMark> RestartAsync(TalosNodeClient client, CancellationToken cancellationToken)
    {
        TalosBootMark before = await TalosBootMark.TakeAsync(client, cancellationToken);
        await client.RebootAsync(Mode, cancellationToken);
        return before;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _restarts?.Dispose();
        base.Dispose(disposing);
    }
}
