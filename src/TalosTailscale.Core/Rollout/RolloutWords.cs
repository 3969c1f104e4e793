namespace TalosTailscale.Core.Rollout;

/// <summary>What the steps of a plan are in words.</summary>
internal static class RolloutWords
{
    internal static string Description(RolloutWork work, TsRolloutAction action)
    {
        string node = work.Node.Name;
        return action switch
        {
            TsRolloutAction.Check => $"Test-TsNode {node} -Check Api, Stage",
            TsRolloutAction.Patch => $"Set-TalosMachinePatch {node}",
            TsRolloutAction.Cordon => $"kubectl cordon {work.Node.KubernetesName ?? node}",
            TsRolloutAction.Drain => $"kubectl drain {work.Node.KubernetesName ?? node} --ignore-daemonsets",
            TsRolloutAction.HandOver => $"talosctl etcd forfeit-leadership -n {work.Node.Address}",
            TsRolloutAction.Activate => Activate(work),
            TsRolloutAction.Restart => work.RestartsItself
                ? "(Talos restarts by itself)"
                : $"Restart-TalosNode {node} -Mode PowerCycle",
            TsRolloutAction.Return => $"Wait-TalosNode {node}",
            TsRolloutAction.Verify => $"Test-TsNode {node}",
            _ => $"kubectl uncordon {work.Node.KubernetesName ?? node}",
        };
    }

    internal static string? Gate(RolloutWork work, TsRolloutAction action) =>
        action switch
        {
            TsRolloutAction.Check when work.Track.IsControlPlane =>
                "stage running and ready; every etcd member healthy, none learning, a leader, no alarm; the other control planes Ready",
            TsRolloutAction.Check => "stage running and ready",
            TsRolloutAction.Patch => "no document lost; the node takes it in a dry run",
            TsRolloutAction.Drain => "the PodDisruptionBudgets allow it",
            TsRolloutAction.Activate
                when work.Method is TsRolloutMethod.UkiSwap or TsRolloutMethod.Promote or TsRolloutMethod.Restore =>
                "the gates of the swap" + Quorum(work),
            TsRolloutAction.Activate when work.Method == TsRolloutMethod.Upgrade =>
                "no running extension lost; the extension's configuration there" + Quorum(work),
            TsRolloutAction.Activate when work.Method == TsRolloutMethod.Rollback =>
                "Talos goes back to the image of before; the gates of the swap" + Quorum(work),
            TsRolloutAction.Activate when work.Track.IsControlPlane => "etcd has its quorum without the node",
            TsRolloutAction.Restart when work.Track.IsControlPlane && !work.RestartsItself =>
                "etcd has its quorum without the node",
            TsRolloutAction.Verify when work.Track.IsControlPlane =>
                "the image runs, no check fails, etcd is whole again",
            TsRolloutAction.Verify => "the image runs, no check fails",
            TsRolloutAction.Uncordon => "the cordon is ours",
            _ => null,
        };

    private static string Quorum(RolloutWork work) =>
        work.Track.IsControlPlane ? "; etcd has its quorum without the node" : "";

    private static string Activate(RolloutWork work)
    {
        string node = work.Node.Name,
            id = work.Facts.WantedSchematicId is { Length: > 12 } full ? full[..12] + "…" : "(before)";
        return work.Method switch
        {
            TsRolloutMethod.UkiSwap => $"Invoke-UkiSwap {node} (schematic {id})",
            TsRolloutMethod.Promote => $"Invoke-UkiSwap {node} -Promote",
            TsRolloutMethod.Upgrade => $"Update-TalosNode {node} (schematic {id}, {work.Facts.TalosVersion})",
            TsRolloutMethod.Restore =>
                $"Restore-Uki {node}{(work.Memory.Backup is { } backup ? $" -Backup {backup}" : "")}",
            TsRolloutMethod.Rollback => $"talosctl rollback -n {work.Node.Address}",
            _ => "nothing",
        };
    }
}
