using TalosTailscale.Lab;

namespace TalosTailscale.Tests.Shapes;

/// <summary>
/// What is refused on which shape, and by what name. Everything else goes well: what is not here has to.
/// </summary>
internal static class ShapeExpectations
{
    /// <summary>
    /// What fails on a LAN inside 100.64.0.0/10, where the LAN's own addresses are taken for the tailnet's: issue 18. Held
    /// to, so that what has been repaired goes from this list.
    /// </summary>
    internal static IReadOnlyDictionary<string, string[]> KnownToFail { get; } =
        new Dictionary<string, string[]>
        {
            ["Test-TsNode"] = ["NodeAddress:NodeAddressInTailnet"],
            ["Test-TsCluster"] = ["EtcdMembers:NodeAddressInTailnet", "KubernetesNode:NodeAddressInTailnet"],
            // It does what it is for; what does not pass is its check at the end.
            ["rollout"] = ["RolloutNotVerified"],
            // Of the member's addresses none is thought to be the LAN's.
            ["drift"] = ["WithoutEffect"],
        };

    /// <summary>By operation and shape, as the operator finds the place.</summary>
    private static readonly Dictionary<(string Operation, LabShape Shape), string[]> s_found = new()
    {
        [("restart", LabShape.FiveControlPlanes)] = ["EtcdQuorumAtRisk"],
        [("patch", LabShape.OperatorRole)] = ["TalosRoleMissing"],
        [("swap", LabShape.OperatorRole)] = ["GateUnknown", "TalosRoleMissing", "ShellMachineUnknown", "EspAmbiguous"],
        [("swap", LabShape.TwinCluster)] = ["ClustersDiffer"],
        [("swap", LabShape.FiveControlPlanes)] = ["QuorumAtRisk", "EtcdQuorumAtRisk"],
        [("upgrade", LabShape.OperatorRole)] = ["GateUnknown"],
        [("upgrade", LabShape.FiveControlPlanes)] = ["EtcdQuorumAtRisk"],
        [("rollout", LabShape.OperatorRole)] = ["TalosRoleMissing"],
        [("rollout", LabShape.TwinCluster)] = ["ClustersDiffer"],
        [("rollout", LabShape.FiveControlPlanes)] = ["EtcdNotWhole"],
        [("Test-TsNode", LabShape.KubernetesNamesDiffer)] = ["NodeName:NodeNameDrift"],
        [("Test-TsCluster", LabShape.TwinCluster)] =
        [
            "SameCluster:ClustersDiffer",
            "KubernetesNode:CheckFailed",
            "StaleNodes:CheckFailed",
            "RegistryPods:CheckFailed",
        ],
        [("Test-TsCluster", LabShape.KubernetesNamesDiffer)] = ["KubernetesNode:NodeNameDrift"],
        [("Test-TsCluster", LabShape.FiveControlPlanes)] =
        [
            "EtcdMembers:EtcdMemberLearning",
            "EtcdMembers:CheckFailed",
            "EtcdLeader:EtcdUnhealthy",
            "EtcdLeader:CheckFailed",
            "KubernetesNode:KubernetesNodeNotReady",
            "KubernetesNode:CheckFailed",
            "LoadBalancer:CheckFailed",
            "LoadBalancer:LoadBalancerIncomplete",
        ],
        [("undo", LabShape.OperatorRole)] = ["TalosRoleMissing"],
        [("undo", LabShape.TwinCluster)] = ["ClustersDiffer"],
        [("undo", LabShape.FiveControlPlanes)] = ["EtcdNotWhole"],
        [("drift", LabShape.TwinCluster)] = ["ClustersDiffer"],
        [("drift", LabShape.KubernetesNamesDiffer)] = ["NodeNotRecognised"],
    };

    /// <summary>Even when all is put right.</summary>
    private static readonly Dictionary<(string Operation, LabShape Shape), string[]> s_right = new()
    {
        // The inventory's HAProxy knows the runbook's three.
        [("Test-TsCluster", LabShape.FiveControlPlanes)] = ["LoadBalancer:LoadBalancerIncomplete"],
    };

    /// <summary>The names of what may be wrong; none where it has to go well.</summary>
    internal static IReadOnlyList<string> Of(ShapeOperation operation, IReadOnlyList<LabShape> shapes, bool found)
    {
        IEnumerable<string> names = shapes.SelectMany(shape =>
            (found ? s_found : s_right).GetValueOrDefault((operation.Name, shape)) ?? []
        );
        return [.. names, .. Known(operation, shapes)];
    }

    /// <summary>Whether what is known to fail did, where nothing was refused before it came to that.</summary>
    internal static bool StillFails(
        ShapeOperation operation,
        IReadOnlyList<LabShape> shapes,
        bool found,
        IReadOnlyList<string> names
    ) =>
        Known(operation, shapes) is not { Count: > 0 } known
        || (found && shapes.Any(shape => s_found.ContainsKey((operation.Name, shape))))
        || known.Any(names.Contains);

    private static IReadOnlyList<string> Known(ShapeOperation operation, IReadOnlyList<LabShape> shapes) =>
        shapes.Contains(LabShape.LanInTailnetRange) ? KnownToFail.GetValueOrDefault(operation.Name) ?? [] : [];
}
