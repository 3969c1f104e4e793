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
        EtcdHealth etcd = await ReadAsync(node, cancellation).ConfigureAwait(false);
        if (etcd.OtherVoters == 0)
            return;
        int needed = Needed(etcd.Voters);
        reporter.Verbose(
            $"{node.Node}: etcd has {etcd.OtherHealthyVoters} of {etcd.OtherVoters} other voters healthy, {needed} are needed."
        );
        if (etcd.OtherHealthyVoters >= needed)
            return;
        string why =
            etcd.Sick.Count == 0 ? "there are too few members" : $"not healthy: '{string.Join("', '", etcd.Sick)}'";
        throw TalosErrors.EtcdQuorumAtRisk.New(
            $"Without '{node.Node}' etcd would have {etcd.OtherHealthyVoters} healthy voters of the {needed} it needs ({why}).",
            node.Node
        );
    }

    /// <summary>Asks every other voting member how it is. The node's own member is known by its id, never by a name.</summary>
    internal static async Task<EtcdHealth> ReadAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        IReadOnlyList<TalosEtcdMember> members = await node.EtcdMemberListAsync(cancellation).ConfigureAwait(false);
        TalosEtcdStatus own = await node.EtcdStatusAsync(cancellation).ConfigureAwait(false);
        var sick = new List<string>();
        int others = 0;
        foreach (TalosEtcdMember member in members.Where(one => !one.IsLearner && one.Id != own.MemberId))
        {
            others++;
            if (!await IsHealthyAsync(node, member, cancellation).ConfigureAwait(false))
                sick.Add(member.Hostname);
        }

        return new EtcdHealth(others + (own.IsLearner ? 0 : 1), others, sick);
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
        IReadOnlyList<TalosEtcdMember> members = await node.EtcdMemberListAsync(cancellation).ConfigureAwait(false);
        TalosEtcdMember member = members.FirstOrDefault(one => one.Id == memberId)
            ?? throw TalosErrors.TalosNotFound.New(
                $"'{node.Node}' knows no etcd member '{memberId:x16}'; there are "
                    + $"'{string.Join("', '", members.Select(one => $"{one.IdHex} {one.Hostname}"))}'.",
                node.Node
            );
        if (await IsHealthyAsync(node, member, cancellation).ConfigureAwait(false))
        {
            throw TalosErrors.EtcdMemberAlive.New(
                $"The etcd member '{member.Hostname}' ({member.IdHex}) answers at '{string.Join("', '", member.PeerUrls)}'.",
                node.Node
            );
        }

        TalosEtcdMember[] rest = [.. members.Where(one => !one.IsLearner && one.Id != memberId)];
        int healthy = 0;
        foreach (TalosEtcdMember other in rest)
        {
            if (await IsHealthyAsync(node, other, cancellation).ConfigureAwait(false))
                healthy++;
        }

        // etcd itself decides with the members of now: those that agree must be a majority before and after.
        int needed = Needed(members.Count(one => !one.IsLearner));
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

    /// <summary>True if the member's own node says that it takes part, and that the machine is not about to stop.</summary>
    internal static async Task<bool> IsHealthyAsync(
        TalosNodeClient through,
        TalosEtcdMember member,
        CancellationToken cancellation
    )
    {
        foreach (string url in member.PeerUrls)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? peer))
                continue;
            try
            {
                TalosNodeClient other = through
                    .Client.Node(peer.Host.Trim('[', ']'), member.Hostname)
                    .With(TimeSpan.FromSeconds(10));
                TalosEtcdStatus status = await other.EtcdStatusAsync(cancellation).ConfigureAwait(false);
                if (status.MemberId != member.Id || status.Leader == 0 || status.Errors.Count > 0)
                    continue;

                // A member that was told to restart answers until its machine goes down.
                TalosMachineStatus machine = await other.MachineStatusAsync(cancellation).ConfigureAwait(false);
                if (machine.Stage == "running")
                    return true;
            }
            catch (TsException)
            {
                // Not to be reached or without etcd: that is the answer.
            }
        }

        return false;
    }
}

/// <summary>What the voting members of etcd said, without the node that asks.</summary>
/// <param name="Voters">Voting members in all.</param>
/// <param name="OtherVoters">Voting members without the node's own.</param>
/// <param name="Sick">Host names, for people, of the other voters that do not take part.</param>
internal sealed record EtcdHealth(int Voters, int OtherVoters, IReadOnlyList<string> Sick)
{
    /// <summary>The other voters that take part.</summary>
    internal int OtherHealthyVoters => OtherVoters - Sick.Count;
}
