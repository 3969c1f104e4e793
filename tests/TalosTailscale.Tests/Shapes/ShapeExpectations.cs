using TalosTailscale.Lab;

namespace TalosTailscale.Tests.Shapes;

/// <summary>
/// What is refused on which shape, and by what name. Everything else goes well: what is not here has to.
/// </summary>
internal static class ShapeExpectations
{
    /// <summary>By operation and shape, as the operator finds the place.</summary>
    private static readonly Dictionary<(string Operation, LabShape Shape), string[]> s_found = new()
    {
        [("restart", LabShape.FiveControlPlanes)] = ["EtcdQuorumAtRisk"],
        [("patch", LabShape.OperatorRole)] = ["TalosRoleMissing"],
        [("patch", LabShape.LanInTailnetRange)] = ["LanInTailnetRange"],
        [("swap", LabShape.OperatorRole)] = ["GateUnknown", "TalosRoleMissing", "ShellMachineUnknown", "EspAmbiguous"],
        [("swap", LabShape.TwinCluster)] = ["ClustersDiffer"],
        [("swap", LabShape.FiveControlPlanes)] = ["QuorumAtRisk", "EtcdQuorumAtRisk"],
        [("upgrade", LabShape.OperatorRole)] = ["GateUnknown"],
        [("upgrade", LabShape.FiveControlPlanes)] = ["EtcdQuorumAtRisk"],
        [("rollout", LabShape.OperatorRole)] = ["TalosRoleMissing"],
        [("rollout", LabShape.LanInTailnetRange)] = ["LanInTailnetRange"],
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
            "EtcdMembers:EtcdUnhealthy",
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
    internal static IReadOnlyList<string> Of(ShapeOperation operation, IReadOnlyList<LabShape> shapes, bool found) =>
        [.. shapes.SelectMany(shape => (found ? s_found : s_right).GetValueOrDefault((operation.Name, shape)) ?? [])];
}
