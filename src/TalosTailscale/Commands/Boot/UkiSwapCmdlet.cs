using System.ComponentModel;
using System.Diagnostics;
using System.Management.Automation;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Base of the cmdlets that put another image under the name that a node boots: plan, question, swap, reboot, checks.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class UkiSwapCmdlet : EspCmdlet
{
    private ControlPlaneRestarts? _restarts;

    /// <summary>Works on one node at a time unless told otherwise.</summary>
    protected UkiSwapCmdlet() => ThrottleLimit = 1;

    /// <summary>Reboots each node through its firmware after the swap.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Reboot { get; set; }

    /// <summary>With -Reboot: waits until the node runs and is ready again, and checks it, before the next one.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait for one node; 30 minutes when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Timeout { get; set; } = new TalosWaitOptions().Timeout;

    /// <summary>Goes on with the next node after one that failed.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter ContinueOnError { get; set; }

    /// <summary>Gates that do not hinder when they do not hold or cannot be judged.</summary>
    [Parameter(Mandatory = false)]
    public UkiSwapGate[] SkipGate { get; set; } = [];

    /// <summary>With -Reboot: restarts the cluster's only control plane without a question. It skips no gate.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    private protected override bool StopsAtFailure => !ContinueOnError && !IsWhatIf;

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (UkiSwapGates.RefuseToSkip(SkipGate) is { } refusal)
            throw refusal;
        var options = new TalosWaitOptions { Timeout = Timeout };
        _restarts = new ControlPlaneRestarts(options, EtcdQuorum.SkipGateQuorum, Reporter);
        await base.BeginAsync(cancellationToken);
    }

    /// <summary>The image for a node.</summary>
    private protected abstract Task<UkiSwapSource> SourceAsync(
        EspSession session,
        SwapNodeFacts facts,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    );

    /// <summary>How the swap is done.</summary>
    private protected abstract UkiSwapOptions Options();

    private protected override async Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    )
    {
        await _restarts!.WaitAsync(client, cancellationToken);
        (EspSession session, SwapNodeFacts facts) = await OpenAsync(client, node, cancellationToken);
        UkiSwapSource source;
        UkiSwapResult? result;
        await using (session)
        {
            source = await SourceAsync(session, facts, node, input, cancellationToken);
            result = await SwapAsync(session, facts, source, node, cancellationToken);
            await session.CloseAsync(cancellationToken);
        }

        Reporter.Progress(new ProgressStep("Swapping UKI", node.Name, "done", Completed: true));
        if (result is null)
            return;
        var clock = Stopwatch.StartNew();
        if (Reboot && (result.Changed || SwapAftercare.NeedsReboot(facts, source.Uki)))
            result = await RebootAsync(client, node, result, source.Uki, cancellationToken);
        await WriteObjectAsync(result with { Duration = result.Duration + clock.Elapsed });
        if (SwapAftercare.FailureOf(result) is { } failure)
            throw failure;
    }

    private async Task<UkiSwapResult?> SwapAsync(
        EspSession session,
        SwapNodeFacts facts,
        UkiSwapSource source,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        UkiSwapPlan plan = await session.PlanAsync(facts, source, Options(), cancellationToken);
        Reporter.Verbose(
            $"{node.Name}: boots '{plan.BootedEntry}' of {plan.EspDevice}; {plan.Gates.Count(g => g.Status == UkiSwapGateStatus.Passed)} of {plan.Gates.Count} gates hold."
        );
        foreach (UkiSwapGateResult skipped in plan.Gates.Where(g => g.Status == UkiSwapGateStatus.Skipped))
            Reporter.Verbose($"{node.Name}: gate {skipped.Gate} is skipped: {skipped.Evidence}.");
        bool go = plan.Allowed && (!plan.Changes || await AgreesAsync(facts, plan, node));
        if (go && !(IsWhatIf && !plan.Changes))
            return await session.SwapAsync(plan, source, cancellationToken);
        if (IsWhatIf)
            await WriteObjectAsync(plan);
        if (plan.Allowed)
            return null;

        // Nothing of the shell is left when the refusal is told.
        await session.CloseAsync(cancellationToken);
        throw new AggregateException(EspSession.Refusals(plan));
    }

    // What would leave the image exchanged and not booted is asked before anything is exchanged.
    private async Task<bool> AgreesAsync(SwapNodeFacts facts, UkiSwapPlan plan, TsNode node)
    {
        if (!await ShouldProcessAsync(Describe(node), UkiSwapGates.Describe(plan, Reboot)))
            return false;
        return !Reboot
            || SkipsQuorum
            || !facts.Etcd.TryGet(out EtcdVotes? votes)
            || await AgreesToRestartAsync(votes.Restart, node.Name, Force);
    }

    private bool SkipsQuorum => SkipGate.Contains(UkiSwapGate.Quorum);

    private async Task<UkiSwapResult> RebootAsync(
        TalosNodeClient client,
        TsNode node,
        UkiSwapResult result,
        UkiInfo uki,
        CancellationToken cancellationToken
    )
    {
        if (!result.Changed && !await ShouldProcessAsync(Describe(node), "Reboot into the image that is there already"))
            return result;
        TalosBootMark? before = await _restarts!.RestartAsync(
            client,
            SkipsQuorum,
            etcd => AgreesToRestartAsync(etcd, node.Name, Force),
            () => SwapAftercare.RebootAsync(client, cancellationToken),
            cancellationToken
        );
        if (before is null)
            return result;
        Reporter.Verbose(
            $"{node.Name}: restart begun by power cycle, so that the firmware itself loads the image; boot id was {before.BootId ?? "not readable"}."
        );
        if (!Wait)
            return result with { BootIdBefore = before.BootId };
        var options = new TalosWaitOptions { Timeout = Timeout };
        return await SwapAftercare.WaitAsync(client, before, result, uki, options, Reporter, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _restarts?.Dispose();
        base.Dispose(disposing);
    }
}
