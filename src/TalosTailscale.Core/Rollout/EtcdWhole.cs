using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Rollout;

/// <summary>Whether etcd lacks nothing: a stricter question than whether it could do without one member.</summary>
internal static class EtcdWhole
{
    /// <summary>Refuses where a member does not answer, only learns, knows no leader or raises an alarm.</summary>
    /// <returns>What was found, in words.</returns>
    /// <exception cref="TsException"><c>EtcdNotWhole</c>, or the node does not answer.</exception>
    internal static async Task<string> RequireAsync(TalosNodeClient node, CancellationToken cancellationToken)
    {
        IReadOnlyList<TalosEtcdMember> members = await node.EtcdMemberListAsync(cancellationToken)
            .ConfigureAwait(false);
        if (members.FirstOrDefault(member => member.IsLearner) is { } learner)
            throw RolloutErrors.EtcdNotWhole.New(
                $"The etcd member '{learner.Hostname}' still learns and does not vote.",
                node.Node
            );
        foreach (TalosEtcdMember member in members)
        {
            if (!await EtcdQuorum.IsHealthyAsync(node, member, cancellationToken).ConfigureAwait(false))
            {
                throw RolloutErrors.EtcdNotWhole.New(
                    $"The etcd member '{member.Hostname}' ({member.IdHex}) does not answer, knows no leader or raises an alarm; expected all of {members.Count} to be well.",
                    node.Node
                );
            }
        }

        return $"etcd: {members.Count} of {members.Count} members well";
    }

    /// <summary>Waits for it, up to a time.</summary>
    internal static async Task<string> WaitAsync(
        TalosNodeClient node,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await RequireAsync(node, cancellationToken).ConfigureAwait(false);
            }
            catch (TsException) when (TimeProvider.System.GetElapsedTime(started) < timeout)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
