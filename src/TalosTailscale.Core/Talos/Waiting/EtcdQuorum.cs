using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Talos;

/// <summary>Whether etcd can do without a member.</summary>
public static class EtcdQuorum
{
    /// <summary>Members that must agree: more than half of the voters.</summary>
    /// <param name="voters">How many voting members there are.</param>
    /// <returns>How many are needed.</returns>
    public static int Needed(int voters) => (voters / 2) + 1;

    /// <summary>What else helps against a refusal where gates can be skipped.</summary>
    public const string SkipGateQuorum = "'-SkipGate Quorum' accepts the loss of the quorum";

    /// <summary>What else helps against a refusal where there is a <c>-Force</c> for it.</summary>
    public const string Force = "-Force accepts the loss of the quorum";

    /// <summary>What is asked before the cluster's only voting member restarts.</summary>
    /// <param name="node">The node.</param>
    /// <returns>The question.</returns>
    public static string OnlyMemberQuestion(string node) =>
        $"'{node}' is the only voting member of etcd in its cluster: etcd and the API server are away while it restarts, "
        + "and if it does not come back no other member can keep the cluster alive. Restart it?";

    /// <summary>Refuses to restart a control plane node while too few of the others are healthy.</summary>
    /// <param name="node">The node to be restarted.</param>
    /// <param name="otherwise">What else than waiting for the others to be healthy helps, as a clause at the end of the advice.</param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>
    /// <see cref="EtcdRestart.Allowed"/>, of a worker too; or <see cref="EtcdRestart.OnlyMember"/>, which restarts after a question.
    /// </returns>
    /// <exception cref="TsException"><see cref="TalosErrors.EtcdQuorumAtRisk"/>.</exception>
    public static async Task<EtcdRestart> CheckRestartAsync(
        TalosNodeClient node,
        string otherwise,
        IReporter reporter,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(reporter);
        if (await node.MachineTypeAsync(cancellation).ConfigureAwait(false) != TalosMachineType.ControlPlane)
            return EtcdRestart.Allowed;
        EtcdHealth etcd = await EtcdHealth.ReadAsync(node, cancellation).ConfigureAwait(false);
        EtcdVotes votes = etcd.Votes;
        reporter.Verbose(
            votes.Restart == EtcdRestart.OnlyMember
                ? $"{node.Node}: etcd has no other voter."
                : $"{node.Node}: etcd has {votes.HealthyOthers} of {votes.Others} other voters healthy, {votes.Needed} are needed."
        );
        if (votes.Restart != EtcdRestart.QuorumLost)
            return votes.Restart;
        EtcdMemberHealth[] sick = [.. etcd.Others.Where(one => one.Trouble is not null)];
        throw TalosErrors.EtcdQuorumAtRisk.New(
            $"Without '{node.Node}' etcd would have {votes.HealthyOthers} healthy voters of the {votes.Needed} it needs "
                + (
                    sick.Length == 0
                        ? "(there are too few members)."
                        : $"({string.Join("; ", sick.Select(s => $"{s}"))})."
                ),
            node.Node,
            recommendedAction: (
                sick.Length == 0
                    ? "Add a control plane, so that etcd can do without one"
                    : "Bring the other control plane nodes back to health first (Get-TalosEtcdMember)"
            ) + $"; {otherwise}."
        );
    }

    /// <summary>
    /// Refuses to remove a member that lives or may live, or whose removal would leave too few healthy voters. Silence does
    /// not show that a member is dead: its machine may hang or boot.
    /// </summary>
    /// <param name="node">The control plane node that is asked.</param>
    /// <param name="memberId">The member.</param>
    /// <param name="machines">The machines of the cluster; none where nobody knows them.</param>
    /// <param name="force">Whether the user knows of one that may live that it does not.</param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>The member, which may be removed.</returns>
    /// <exception cref="TsException">
    /// <see cref="TalosErrors.TalosNotFound"/>, <see cref="TalosErrors.EtcdMemberAlive"/>,
    /// <see cref="TalosErrors.EtcdMemberMayLive"/> or <see cref="TalosErrors.EtcdQuorumAtRisk"/>.
    /// </exception>
    public static async Task<TalosEtcdMember> CheckRemovalAsync(
        TalosNodeClient node,
        ulong memberId,
        IReadOnlyList<TalosMember> machines,
        bool force,
        IReporter reporter,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(machines);
        ArgumentNullException.ThrowIfNull(reporter);
        EtcdHealth etcd = await EtcdHealth.ReadAsync(node, cancellation).ConfigureAwait(false);
        EtcdMemberHealth found = etcd.Members.FirstOrDefault(one => one.Member.Id == memberId)
            ?? throw TalosErrors.TalosNotFound.New(
                $"'{node.Node}' knows no etcd member '{memberId:x16}'; there are "
                    + $"'{string.Join("', '", etcd.Members.Select(one => $"{one.Member.IdHex} {one.Member.Hostname}"))}'.",
                node.Node
            );
        RefuseLiving(node, found, etcd);
        string? doubt = await DoubtAsync(node, found, machines, cancellation).ConfigureAwait(false);
        if (doubt is not null && !force)
        {
            throw TalosErrors.EtcdMemberMayLive.New(
                $"The etcd member {found}, which does not show that it is dead: {doubt}.",
                node.Node
            );
        }

        EtcdMemberHealth[] rest = [.. etcd.Members.Where(one => one.Votes && one.Member.Id != memberId)];
        int healthy = rest.Count(one => one.Agrees);

        // etcd itself decides with the members of now: those that agree must be a majority before and after.
        int needed = Needed(etcd.Voters);
        reporter.Verbose(
            $"{node.Node}: {healthy} of {rest.Length} other etcd voters are healthy, {needed} are needed."
        );
        return healthy >= needed
            ? found.Member
            : throw TalosErrors.EtcdQuorumAtRisk.New(
                $"Only {healthy} of the other etcd voters are healthy; {needed} are needed to remove '{found.Member.Hostname}'.",
                node.Node
            );
    }

    private static void RefuseLiving(TalosNodeClient node, EtcdMemberHealth found, EtcdHealth etcd)
    {
        if (found.Answers)
        {
            throw TalosErrors.EtcdMemberAlive.New(
                $"The etcd member {found} and answers at '{string.Join("', '", found.Member.PeerUrls)}'.",
                node.Node
            );
        }

        EtcdMemberHealth[] led = [.. etcd.LedBy(found.Member.Id)];
        if (led.Length > 0)
        {
            throw TalosErrors.EtcdMemberAlive.New(
                $"The etcd member {EtcdMemberHealth.Name(found.Member)} leads, by the word of "
                    + $"{string.Join(", ", led.Select(one => EtcdMemberHealth.Name(one.Member)))}.",
                node.Node
            );
        }
    }

    // It is dead when every control plane of the cluster says that it is another member; else there is a doubt.
    private static async Task<string?> DoubtAsync(
        TalosNodeClient node,
        EtcdMemberHealth found,
        IReadOnlyList<TalosMember> machines,
        CancellationToken cancellation
    )
    {
        string? doubt = machines.Count == 0 ? "no machine of the cluster is known: discovery is off" : null;
        foreach (
            (TalosMember machine, Fact<ulong> id) in await EtcdMachines
                .AskAsync(node.Client, machines, cancellation)
                .ConfigureAwait(false)
        )
        {
            if (id.TryGet(out ulong own) && own == found.Member.Id)
                throw TalosErrors.EtcdMemberAlive.New(
                    $"The etcd member {EtcdMemberHealth.Name(found.Member)} is that of '{machine.Hostname}', which answers "
                        + $"at '{string.Join("', '", machine.Addresses)}'.",
                    node.Node
                );
            if (id.Loss is { } loss)
                doubt ??= $"'{machine.Hostname}' may be it and does not say which member it is ({loss.Reason})";
        }

        return doubt;
    }
}
