using System.Collections.Concurrent;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Core.Rollout;

/// <summary>The steps as they are done on real nodes, by the other rooms.</summary>
internal sealed class TalosNodeSteps(RolloutSetup setup, RolloutImages images, LeaseTenure? tenure, IReporter reporter)
    : INodeSteps,
        IDisposable
{
    // The scheduler changes one control plane at a time. This holds for whatever restarts one, all the same.
    private readonly ControlPlaneRestarts _restarts = new(
        new TalosWaitOptions { Timeout = setup.ReturnTimeout },
        EtcdQuorum.SkipGateQuorum,
        reporter
    );
    private readonly ConcurrentDictionary<string, TalosBootMark> _before = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _restartsItself = new(StringComparer.Ordinal);
    private readonly ImageSteps _image = new(setup, images, tenure, reporter);

    public async Task<string?> BootIdAsync(RolloutWork work, CancellationToken cancellationToken)
    {
        TalosBootMark mark = await TalosBootMark.TakeAsync(Node(work), cancellationToken).ConfigureAwait(false);
        _before[work.Key] = mark;
        return mark.BootId;
    }

    public async Task<string> RunAsync(
        RolloutWork work,
        TsRolloutAction action,
        Func<ImageExchange, Task> announce,
        CancellationToken cancellationToken
    )
    {
        TalosNodeClient node = Node(work);
        reporter.Verbose($"{work.Node.Name}: {RolloutWords.Description(work, action)}");

        // One that restarts by itself is on its way down by then, and nothing is told to it any more.
        bool told = action != TsRolloutAction.Restart || !_restartsItself.GetValueOrDefault(work.Key);
        if (told && action is >= TsRolloutAction.Patch and <= TsRolloutAction.Restart)
            await RequireSameMachineAsync(node, work, cancellationToken).ConfigureAwait(false);
        return action switch
        {
            TsRolloutAction.Check => await CheckAsync(node, work, cancellationToken).ConfigureAwait(false)
                + await WayBackAsync(node, work, cancellationToken).ConfigureAwait(false),
            TsRolloutAction.Patch => await PatchAsync(node, work, cancellationToken).ConfigureAwait(false),
            TsRolloutAction.Cordon => await CordonAsync(node, work, cancellationToken).ConfigureAwait(false),
            TsRolloutAction.Drain => await DrainAsync(node, work, cancellationToken).ConfigureAwait(false),
            TsRolloutAction.HandOver => await HandOverAsync(node, cancellationToken).ConfigureAwait(false),
            TsRolloutAction.Activate => await ActivateAsync(node, work, announce, cancellationToken)
                .ConfigureAwait(false),
            TsRolloutAction.Restart => await RestartAsync(node, work, cancellationToken).ConfigureAwait(false),
            TsRolloutAction.Return => await ReturnAsync(node, work, cancellationToken).ConfigureAwait(false),
            TsRolloutAction.Verify => await VerifyAsync(node, work, cancellationToken).ConfigureAwait(false),
            _ => await UncordonAsync(work, cancellationToken).ConfigureAwait(false),
        };
    }

    // A rollout takes long, and addresses change meanwhile: the plan, the patch and the key are for one machine.
    private static async Task RequireSameMachineAsync(
        TalosNodeClient node,
        RolloutWork work,
        CancellationToken cancellationToken
    )
    {
        string? planned = work.Facts.NodeId;
        string? id = await node.NodeIdAsync(cancellationToken).ConfigureAwait(false);

        // Where either is not told, nobody knows that it is the same.
        if (string.IsNullOrEmpty(planned) || id != planned)
            throw RolloutErrors.RolloutNodeReplaced.New(
                $"At the address {work.Node.Address} of '{work.Node.Name}' the machine '{id ?? "(not told)"}' answers; "
                    + $"'{planned ?? "(not told)"}' was expected, as when the plan was made.",
                work.Node.Name
            );
    }

    public void Dispose() => _restarts.Dispose();

    private TalosNodeClient Node(RolloutWork work) => setup.Talos.Node(work.Node.Address, work.Node.Name);

    private async Task<string> CheckAsync(TalosNodeClient node, RolloutWork work, CancellationToken cancellationToken)
    {
        TalosMachineStatus status = await node.MachineStatusAsync(cancellationToken).ConfigureAwait(false);
        if (work.Facts.Silence is not null)
        {
            throw RolloutErrors.RolloutNodeNotReady.New(
                $"'{work.Node.Name}' did not answer when the plan was made, and answers now; what it needs has to be planned anew.",
                work.Node.Name
            );
        }

        bool well = status.Stage == "running" && status.Ready;

        // With the extension and without its configuration a node is never ready (siderolabs/talos#12764): the patch mends that.
        if (!well && !(work.Facts.RunsWanted && status.Stage is "running" or "booting"))
        {
            throw RolloutErrors.RolloutNodeNotReady.New(
                $"'{work.Node.Name}' is in stage '{status.Stage}'{(status.Ready ? "" : ", not ready")}"
                    + $"{(status.UnmetConditions.Count > 0 ? $" ({string.Join("; ", status.UnmetConditions)})" : "")}; expected 'running', ready.",
                work.Node.Name
            );
        }

        if (!work.Track.IsControlPlane || work.Facts.RunsWanted)
            return $"stage {status.Stage}{(well ? ", ready" : "")}";
        string etcd = await EtcdWhole.RequireAsync(node, cancellationToken).ConfigureAwait(false);
        if (setup.Kubernetes is not { } cluster)
            return etcd;
        IReadOnlyList<KubernetesNodeState> nodes = await KubernetesNodes
            .ListAsync(cluster, cancellationToken)
            .ConfigureAwait(false);
        if (
            nodes.FirstOrDefault(n =>
                n is { ControlPlane: true, Ready: false } && n.Name != work.Node.KubernetesName
            ) is
            { } sick
        )
            throw RolloutErrors.ControlPlaneNotReady.New(
                $"The control plane '{sick.Name}' is not Ready ({sick.NotReadyReason}).",
                work.Node.Name
            );
        return $"{etcd}; {nodes.Count(n => n.ControlPlane)} control planes Ready";
    }

    // Before anything is begun, so that a node that cannot go back is not drained for it.
    private async Task<string> WayBackAsync(
        TalosNodeClient node,
        RolloutWork work,
        CancellationToken cancellationToken
    ) =>
        work.Method == TsRolloutMethod.Rollback
            ? "; " + await _image.CheckRollbackAsync(node, work, cancellationToken).ConfigureAwait(false)
            : "";

    private async Task<string> PatchAsync(TalosNodeClient node, RolloutWork work, CancellationToken cancellationToken)
    {
        IReadOnlyList<ConfigPatch> patches = await setup.Patches(work.Node, cancellationToken).ConfigureAwait(false);
        var flow = new MachineConfigFlow(node, setup.ConfigOptions, reporter);
        MachineConfigPlan plan = await flow.PlanAsync(patches, cancellationToken).ConfigureAwait(false);
        if (!plan.Changed)
            return "all of it is there already";
        foreach (MachineConfigWarning warning in plan.Warnings)
            reporter.Warning($"{plan.Node}: {warning}");
        MachinePatchResult result = await flow.ApplyAsync(plan, cancellationToken).ConfigureAwait(false);
        return $"{plan.Summary}; backup in '{result.BackupPath}'";
    }

    private async Task<string> CordonAsync(TalosNodeClient node, RolloutWork work, CancellationToken cancellationToken)
    {
        string name = work.Node.KubernetesName!;
        await SameCluster.RequireNodeAsync(node, setup.Kubernetes!, name, cancellationToken).ConfigureAwait(false);
        return await NodeDrain.CordonAsync(setup.Kubernetes!, name, cancellationToken).ConfigureAwait(false)
            ? "cordoned"
            : "was cordoned by somebody else, whose cordon it stays";
    }

    private async Task<string> DrainAsync(TalosNodeClient node, RolloutWork work, CancellationToken cancellationToken)
    {
        await SameCluster
            .RequireNodeAsync(node, setup.Kubernetes!, work.Node.KubernetesName!, cancellationToken)
            .ConfigureAwait(false);
        DrainResult result = await NodeDrain
            .DrainAsync(setup.Kubernetes!, work.Node.KubernetesName!, setup.DrainTimeout, reporter, cancellationToken)
            .ConfigureAwait(false);
        return $"{result.Evicted.Count} pods evicted, {result.Left.Count} without a controller stay";
    }

    private async Task<string> UncordonAsync(RolloutWork work, CancellationToken cancellationToken)
    {
        if (setup.Kubernetes is null || work.Node.KubernetesName is null)
            return "not in Kubernetes";
        return await NodeDrain
            .UncordonAsync(setup.Kubernetes, work.Node.KubernetesName, cancellationToken)
            .ConfigureAwait(false)
            ? "uncordoned"
            : "no cordon of ours";
    }

    private static async Task<string> HandOverAsync(TalosNodeClient node, CancellationToken cancellationToken)
    {
        string leader = await node.EtcdForfeitLeadershipAsync(cancellationToken).ConfigureAwait(false);
        return leader.Length == 0 ? "did not lead" : $"'{leader}' leads now";
    }

    private async Task<string> ActivateAsync(
        TalosNodeClient node,
        RolloutWork work,
        Func<ImageExchange, Task> announce,
        CancellationToken cancellationToken
    )
    {
        string text = "";
        bool restarts = true;
        if (!work.RestartsItself)
        {
            await QuorumAsync(node, work, cancellationToken).ConfigureAwait(false);
            (text, restarts) = await _image
                .ActivateAsync(node, work, announce, cancellationToken)
                .ConfigureAwait(false);
            _restartsItself[work.Key] = restarts;
            return restarts ? text + WithoutQuorum(work) : text;
        }

        await RestartAsync(
                node,
                work,
                async () =>
                {
                    TalosBootMark before = await TalosBootMark.TakeAsync(node, cancellationToken).ConfigureAwait(false);
                    (text, restarts) = await _image
                        .ActivateAsync(node, work, announce, cancellationToken)
                        .ConfigureAwait(false);
                    if (!restarts)
                        await node.RebootAsync(TalosRebootMode.PowerCycle, cancellationToken).ConfigureAwait(false);
                    return before;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        _restartsItself[work.Key] = true;
        return text + WithoutQuorum(work);
    }

    private async Task<string> RestartAsync(TalosNodeClient node, RolloutWork work, CancellationToken cancellationToken)
    {
        if (_restartsItself.GetValueOrDefault(work.Key))
            return "restarts by itself";
        await RestartAsync(node, work, () => SwapAftercare.RebootAsync(node, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        return $"restart begun, boot id was {work.BootId ?? "not readable"}{WithoutQuorum(work)}";
    }

    private Task RestartAsync(
        TalosNodeClient node,
        RolloutWork work,
        Func<Task<TalosBootMark>> restart,
        CancellationToken cancellationToken
    ) =>
        _restarts.RestartAsync(
            node,
            SkipsQuorum,
            etcd =>
            {
                RequireAgreed(etcd, work);
                return Task.FromResult(true);
            },
            restart,
            cancellationToken
        );

    private async Task<string> ReturnAsync(TalosNodeClient node, RolloutWork work, CancellationToken cancellationToken)
    {
        // After an interruption the journal has the boot id; a node that runs what it shall has restarted already.
        TalosBootMark? before = _before.GetValueOrDefault(work.Key)
            ?? (
                work.Memory is { RestartBegun: true, BootId: { } boot } && !work.Facts.RunsWanted
                    ? new TalosBootMark(boot, null, work.Facts.NodeId, null)
                    : null
            );
        var options = new TalosWaitOptions { Timeout = setup.ReturnTimeout };
        TalosWaitResult back = await TalosNodeWait
            .ForReadyAsync(node, before, options, reporter, cancellationToken)
            .ConfigureAwait(false);
        if (setup.Kubernetes is { } cluster && work.Facts.InKubernetes)
            await KubernetesReadyAsync(cluster, work.Node.KubernetesName!, cancellationToken).ConfigureAwait(false);
        return FormattableString.Invariant($"stage {back.Stage}, ready after {back.Duration.TotalSeconds:0} s");
    }

    private async Task KubernetesReadyAsync(
        KubernetesConnection cluster,
        string name,
        CancellationToken cancellationToken
    )
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            string? why;
            try
            {
                KubernetesNodeState state = await KubernetesNodes
                    .GetAsync(cluster, name, cancellationToken)
                    .ConfigureAwait(false);
                if (state.Ready)
                    return;
                why = state.NotReadyReason;
            }
            catch (TsException e)
                when (e.Error.Category is TsErrorCategory.ConnectionError or TsErrorCategory.OperationTimeout)
            {
                why = e.Message; // where there is one control plane, its API server comes back after it
            }

            if (TimeProvider.System.GetElapsedTime(started) > setup.SettleTimeout)
                throw RolloutErrors.RolloutNodeNotReady.New(
                    $"The Kubernetes node '{name}' is not Ready ({why}).",
                    name
                );
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string> VerifyAsync(TalosNodeClient node, RolloutWork work, CancellationToken cancellationToken)
    {
        IReadOnlyList<TalosExtension> extensions = await node.ExtensionsAsync(cancellationToken).ConfigureAwait(false);
        string? running = extensions.FirstOrDefault(e => e.Name == "schematic")?.Version;
        bool back = work.GoesBack;
        string? wanted = back ? work.Memory.PreviousSchematicId : work.Facts.WantedSchematicId;
        if (running != wanted)
        {
            throw RolloutErrors.RolloutImageNotRunning.New(
                $"'{work.Node.Name}' runs the schematic '{running ?? "(none)"}'; expected '{wanted ?? "(none)"}'.",
                work.Node.Name,
                recommendedAction: back ? WayBack.Advice(work.Facts, work.Memory) : null
            );
        }

        string etcd = work.Track.IsControlPlane
            ? "; " + await EtcdWhole.WaitAsync(node, setup.SettleTimeout, cancellationToken).ConfigureAwait(false)
            : "";
        if (back)
            return $"schematic {running ?? "(none)"}{etcd}";
        int made = 0;
        var failed = new List<TsCheck>();
        await foreach (
            TsCheck check in NodeValidation
                .RunAsync([work.Node], setup.Talos, setup.Validation(), SilentReporter.Instance, cancellationToken)
                .ConfigureAwait(false)
        )
        {
            made++;
            if (check.Status == TsCheckStatus.Fail)
                failed.Add(check);
        }

        return failed.Count == 0
            ? $"{made} checks, none failed{etcd}"
            : throw RolloutErrors.RolloutNotVerified.New(
                $"'{work.Node.Name}' runs the image, and {string.Join("; ", failed.Select(check => $"'{check.Name}' failed ({check.Cause}: {check.Evidence})"))}.",
                work.Node.Name
            );
    }

    private bool SkipsQuorum => setup.SkipGates.Contains(UkiSwapGate.Quorum);

    private string WithoutQuorum(RolloutWork work) =>
        work.Track.IsControlPlane && SkipsQuorum ? "; not asked because of -SkipGate: Quorum" : "";

    private async Task QuorumAsync(TalosNodeClient node, RolloutWork work, CancellationToken cancellationToken)
    {
        if (!work.Track.IsControlPlane || SkipsQuorum)
            return;
        EtcdRestart etcd = await EtcdQuorum
            .CheckRestartAsync(node, EtcdQuorum.SkipGateQuorum, reporter, cancellationToken)
            .ConfigureAwait(false);

        RequireAgreed(etcd, work);
    }

    // Of such a node the plan says so, and who lets the plan be carried out has been asked.
    private static void RequireAgreed(EtcdRestart etcd, RolloutWork work)
    {
        if (etcd == EtcdRestart.OnlyMember && !work.Facts.IsOnlyEtcdVoter)
        {
            throw TalosErrors.OnlyControlPlane.New(
                $"'{work.Node.Name}' has become the only voting member of etcd since the plan was made.",
                work.Node.Name
            );
        }
    }
}
