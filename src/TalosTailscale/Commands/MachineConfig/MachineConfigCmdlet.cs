using System.ComponentModel;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Base of the cmdlets that change the machine configuration of nodes, which some changes restart.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class MachineConfigCmdlet : TalosCmdlet
{
    private const string Otherwise = "'-Mode Staged' leaves the restart to a later Restart-TalosNode";
    private ControlPlaneRestarts? _restarts;

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        _restarts = new ControlPlaneRestarts(new TalosWaitOptions(), Otherwise, Reporter);
        return base.BeginAsync(cancellationToken);
    }

    /// <summary>Asks, and makes the change; a control plane that it restarts waits for those before it.</summary>
    /// <param name="client">The node's calls.</param>
    /// <param name="node">The node.</param>
    /// <param name="flow">Makes the change.</param>
    /// <param name="plan">The change.</param>
    /// <param name="action">What is done, as an imperative.</param>
    /// <param name="force">Whether the only control plane restarts without a question.</param>
    /// <param name="cancellationToken">Cancelled by Ctrl+C.</param>
    /// <returns>What was done.</returns>
    private protected async Task<MachinePatchResult> ConfirmedAsync(
        TalosNodeClient client,
        TsNode node,
        MachineConfigFlow flow,
        MachineConfigPlan plan,
        string action,
        bool force,
        CancellationToken cancellationToken
    )
    {
        MachinePatchResult result = MachineConfigFlow.Result(plan);
        if (!plan.Changed)
            return result;
        string then = plan.Restarts ? " and restart" : "";
        string question = $"{action}{then} ({plan.Summary})\n{plan.Diff}";
        if (!plan.Restarts)
            return await ShouldProcessAsync(Describe(node), question)
                ? await flow.ApplyAsync(plan, cancellationToken)
                : result;
        await _restarts!.RestartAsync(
            client,
            force: false,
            async etcd =>
                await ShouldProcessAsync(Describe(node), question)
                && await AgreesToRestartAsync(etcd, node.Name, force),
            async () =>
            {
                TalosBootMark before = await TalosBootMark.TakeAsync(client, cancellationToken);
                result = await flow.ApplyAsync(plan, cancellationToken);
                return before;
            },
            cancellationToken
        );
        return result;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _restarts?.Dispose();
        base.Dispose(disposing);
    }
}
