using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>The checks of etcd and of the load balancer before the Kubernetes API: what breaks when an address drifts.</summary>
internal static class EtcdChecks
{
    public static async Task<CheckResult> MembersAsync(ClusterFacts facts)
    {
        var etcd = await facts.EtcdAsync().ConfigureAwait(false);
        TalosEtcdMember[] members = [.. etcd.Members.Select(one => one.Member)];
        var planes = await facts.ControlPlanesAsync().ConfigureAwait(false);
        var text = string.Join(
            ", ",
            members.Select(member => $"{member.Hostname} {string.Join(' ', member.PeerUrls)}")
        );
        var tailnet = await facts.TailnetAsync().ConfigureAwait(false);
        if (members.FirstOrDefault(member => Hosts(member).Any(tailnet.Contains)) is { } onTailnet)
            return CheckResult.Fail(
                Causes.NodeAddressInTailnet,
                $"{text}; the peers reach '{onTailnet.Hostname}' by the tailnet"
            );
        var ids = await facts.EtcdMemberIdsAsync().ConfigureAwait(false);
        bool IsOf(TalosEtcdMember member, TsNode node) =>
            ids[node].TryGet(out var own)
                ? own == member.Id
                : member.PeerUrls.Any(url => NodeAddress.IsHostOf(url, node.Address));
        if (members.FirstOrDefault(member => !planes.Any(node => IsOf(member, node))) is { } stale)
            return CheckResult.Fail(
                Causes.EtcdMemberStale,
                $"{text}; member {stale.IdHex} '{stale.Hostname}' is of no control plane of the inventory{Silent(planes, ids)}",
                $"When its node is gone for good: Remove-TalosEtcdMember -Node {planes.FirstOrDefault(node => ids[node].Loss is null)?.Name ?? "NODE"} -Id {stale.IdHex}. When its address has changed: Update-TalosNodeAddress."
            );
        var unclear = planes.FirstOrDefault(node =>
            ids[node].Loss is not null && !members.Any(member => IsOf(member, node))
        );
        if (unclear is not null)
            return CheckResult.Fail(
                Causes.EtcdUnhealthy,
                $"{text}; which of them '{unclear.Name}' is, is not known. {ids[unclear].Loss}"
            );
        if (planes.FirstOrDefault(node => !members.Any(member => IsOf(member, node))) is { } missing)
            return CheckResult.Fail(
                Causes.EtcdMemberMissing,
                $"{text}; '{missing.Name}' is a control plane and no member"
            );
        if (etcd.Members.FirstOrDefault(one => !one.Answers) is { } silent)
            return CheckResult.Fail(Causes.EtcdUnhealthy, $"{text}; the member {silent}");
        if (members.FirstOrDefault(member => member.IsLearner) is { } learner)
            return CheckResult.Warn(Causes.EtcdMemberLearning, $"{text}; '{learner.Hostname}' only learns");
        return members.Length % 2 == 0
            ? CheckResult.Warn(
                Causes.EtcdMembersEven,
                $"{text}; {members.Length} members stand no more failures than {members.Length - 1}"
            )
            : CheckResult.Pass(text);
    }

    // Who does not answer cannot tell which member is his own; his address in the inventory had to do.
    private static string Silent(IEnumerable<TsNode> planes, IReadOnlyDictionary<TsNode, Fact<ulong>> ids)
    {
        string[] silent = [.. planes.Where(node => ids[node].Loss is not null).Select(node => $"'{node.Name}'")];
        return silent.Length == 0 ? "" : $"; {string.Join(", ", silent)} could not say which member is its own";
    }

    public static async Task<CheckResult> LeaderAsync(ClusterFacts facts)
    {
        var etcd = await facts.EtcdAsync().ConfigureAwait(false);
        TalosEtcdStatus[] states = [.. etcd.Members.Where(one => one.Answers).Select(one => one.Status!)];
        var text = string.Join(", ", states.Select(state => state.ToString()));
        if (states.Any(state => state.Leader == 0 || state.Leader != states[0].Leader))
            return CheckResult.Fail(Causes.EtcdWithoutLeader, $"{text}; one leader, on which all agree, was expected");
        return etcd.Members.FirstOrDefault(one => one.Trouble is not null) is { } sick
            ? CheckResult.Fail(Causes.EtcdUnhealthy, $"{text}; the member {sick}")
            : CheckResult.Pass(text);
    }

    public static async Task<CheckResult> LoadBalancerAsync(ClusterFacts facts)
    {
        IReadOnlyList<string> files = facts.Options.Folder is { } folder ? HaproxyServer.Find(folder) : [];
        if (files.Count == 0)
            return CheckResult.NothingToLookAt("there is no haproxy.cfg in the inventory");
        var servers = new List<HaproxyServer>();
        foreach (var file in files)
            servers.AddRange(
                HaproxyServer
                    .Read(file, await File.ReadAllLinesAsync(file, facts.Cancellation).ConfigureAwait(false))
                    .Where(server => server.Port == HaproxyServer.KubernetesPort)
            );
        var planes = await facts.ControlPlanesAsync().ConfigureAwait(false);
        var text = string.Join(", ", servers.Select(server => $"{server.Name} {server.Address}"));
        foreach (var server in servers)
        {
            var named = facts.Options.Nodes.FirstOrDefault(node =>
                node.Name == server.Name || node.KubernetesName == server.Name
            );
            var meant = facts.Options.Nodes.FirstOrDefault(node => node.Address == server.Address);
            if ((meant is null) || (named is not null && named != meant))
                return CheckResult.Fail(
                    Causes.LoadBalancerStale,
                    $"{Path.GetFileName(server.File)}:{server.Line}: server '{server.Name}' has {server.Address}; the inventory says {named?.Address ?? "nothing of it"}"
                );
        }

        foreach (var backend in servers.GroupBy(server => (server.File, server.Backend)))
            if (planes.FirstOrDefault(node => backend.All(server => server.Address != node.Address)) is { } missing)
                return CheckResult.Fail(
                    Causes.LoadBalancerIncomplete,
                    $"{text}; backend '{backend.Key.Backend}' lacks '{missing.Name}' {missing.Address}"
                );
        return servers.Count == 0
            ? CheckResult.Skip("haproxy.cfg has no server for port 6443")
            : CheckResult.Pass(text);
    }

    private static IEnumerable<string> Hosts(TalosEtcdMember member) =>
        member.PeerUrls.Select(url =>
            Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.Host.Trim('[', ']') : url
        );
}
