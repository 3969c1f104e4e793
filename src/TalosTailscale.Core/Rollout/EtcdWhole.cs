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
        EtcdHealth etcd = await EtcdHealth.ReadAsync(node, cancellationToken).ConfigureAwait(false);
        if (etcd.Members.FirstOrDefault(one => one.Member.IsLearner) is { } learner)
            throw RolloutErrors.EtcdNotWhole.New(
                $"The etcd member {EtcdMemberHealth.Name(learner.Member)} still learns and does not vote.",
                node.Node
            );
        if (etcd.Members.FirstOrDefault(one => one.Trouble is not null) is { } sick)
            throw RolloutErrors.EtcdNotWhole.New(
                $"The etcd member {sick}; expected all of {etcd.Members.Count} to be healthy.",
                node.Node
            );
        return $"etcd: {etcd.Members.Count} of {etcd.Members.Count} members healthy";
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
