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
        IReadOnlyList<TalosEtcdMember> members;
        TalosEtcdStatus own;
        try
        {
            members = await node.EtcdMemberListAsync(cancellation).ConfigureAwait(false);
            own = await node.EtcdStatusAsync(cancellation).ConfigureAwait(false);
        }
        catch (TsException e)
            when (e.Error == TalosErrors.TalosNotControlPlane || e.Error == TalosErrors.TalosUnimplemented)
        {
            return;
        }

        TalosEtcdMember[] others = [.. members.Where(member => !member.IsLearner && member.Id != own.MemberId)];
        if (others.Length == 0)
            return;
        int needed = Needed(others.Length + (own.IsLearner ? 0 : 1));
        int healthy = 0;
        var sick = new List<string>();
        foreach (TalosEtcdMember member in others)
        {
            if (await IsHealthyAsync(node, member, cancellation).ConfigureAwait(false))
                healthy++;
            else
                sick.Add(member.Hostname);
        }

        reporter.Verbose(
            $"{node.Node}: etcd has {healthy} of {others.Length} other voters healthy, {needed} are needed."
        );
        if (healthy >= needed)
            return;
        string why = sick.Count == 0 ? "there are too few members" : $"not healthy: '{string.Join("', '", sick)}'";
        throw TalosErrors.EtcdQuorumAtRisk.New(
            $"Without '{node.Node}' etcd would have {healthy} healthy voters of the {needed} it needs ({why}).",
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

    /// <summary>True if the member's own node says that it takes part.</summary>
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
                if (status.MemberId == member.Id && status.Leader != 0 && status.Errors.Count == 0)
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
