using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Talos;

/// <summary>Whether etcd can do without a member.</summary>
public static class EtcdQuorum
{
    /// <summary>Members that must agree: more than half of the voters.</summary>
    /// <param name="voters">How many voting members there are.</param>
    /// <returns>How many are needed.</returns>
    public static int Needed(int voters) => (voters / 2) + 1;

    /// <summary>
    /// Refuses to restart a control plane node while too few of the others are healthy. A cluster of one has no others
    /// and is not refused; nor is a worker.
    /// </summary>
    /// <param name="node">The node to be restarted.</param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>When the restart is safe.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.EtcdQuorumAtRisk"/>.</exception>
    public static async Task CheckRestartAsync(
        TalosNodeClient node,
        IReporter reporter,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(reporter);
        if (await node.MachineTypeAsync(cancellation).ConfigureAwait(false) != TalosMachineType.ControlPlane)
            return;
        EtcdHealth etcd = await EtcdHealth.ReadAsync(node, cancellation).ConfigureAwait(false);
        int others = etcd.Others.Count();
        if (others == 0)
            return;
        int needed = Needed(etcd.Voters);
        reporter.Verbose(
            $"{node.Node}: etcd has {etcd.OtherHealthyVoters} of {others} other voters healthy, {needed} are needed."
        );
        if (etcd.OtherHealthyVoters >= needed)
            return;
        EtcdMemberHealth[] sick = [.. etcd.Others.Where(one => one.Trouble is not null)];
        string why =
            sick.Length == 0 ? "there are too few members" : string.Join("; ", sick.Select(one => one.ToString()));
        throw TalosErrors.EtcdQuorumAtRisk.New(
            $"Without '{node.Node}' etcd would have {etcd.OtherHealthyVoters} healthy voters of the {needed} it needs ({why}).",
            node.Node
        );
    }

    /// <summary>Refuses to remove a member that lives, or whose removal would leave too few healthy voters.</summary>
    /// <param name="node">The control plane node that is asked.</param>
    /// <param name="memberId">The member.</param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>The member, which may be removed.</returns>
    /// <exception cref="TsException">
    /// <see cref="TalosErrors.TalosNotFound"/>, <see cref="TalosErrors.EtcdMemberAlive"/> or
    /// <see cref="TalosErrors.EtcdQuorumAtRisk"/>.
    /// </exception>
    public static async Task<TalosEtcdMember> CheckRemovalAsync(
        TalosNodeClient node,
        ulong memberId,
        IReporter reporter,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(reporter);
        EtcdHealth etcd = await EtcdHealth.ReadAsync(node, cancellation).ConfigureAwait(false);
        EtcdMemberHealth found = etcd.Members.FirstOrDefault(one => one.Member.Id == memberId)
            ?? throw TalosErrors.TalosNotFound.New(
                $"'{node.Node}' knows no etcd member '{memberId:x16}'; there are "
                    + $"'{string.Join("', '", etcd.Members.Select(one => $"{one.Member.IdHex} {one.Member.Hostname}"))}'.",
                node.Node
            );
        TalosEtcdMember member = found.Member;
        if (found.Answers)
        {
            throw TalosErrors.EtcdMemberAlive.New(
                $"The etcd member {found} and answers at '{string.Join("', '", member.PeerUrls)}'.",
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
            ? member
            : throw TalosErrors.EtcdQuorumAtRisk.New(
                $"Only {healthy} of the other etcd voters are healthy; {needed} are needed to remove '{member.Hostname}'.",
                node.Node
            );
    }
}
