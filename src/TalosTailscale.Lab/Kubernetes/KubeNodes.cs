using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Makes Node objects of machines.</summary>
internal static class KubeNodes
{
    internal static void Show(KubeStore store, LabKubernetesNodeFacts facts)
    {
        if (store.Get(KubeResource.Nodes, null, facts.Name) is null)
        {
            store.Create(
                KubeResource.Nodes,
                new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = facts.Name, ["labels"] = Labels(facts) },
                    ["spec"] = facts.ControlPlane
                        ? new JsonObject
                        {
                            ["taints"] = new JsonArray(
                                new JsonObject
                                {
                                    ["key"] = "node-role.kubernetes.io/control-plane",
                                    ["effect"] = "NoSchedule",
                                }
                            ),
                        }
                        : new JsonObject(),
                    ["status"] = Status(facts, null, store.Now()),
                }
            );
            return;
        }
        store.Change(KubeResource.Nodes, null, facts.Name, node =>
        {
            node["status"] = Status(facts, node.Map("status"), store.Now());
            return node;
        });
    }

    private static JsonObject Labels(LabKubernetesNodeFacts facts)
    {
        var labels = new JsonObject
        {
            ["kubernetes.io/hostname"] = facts.Name,
            ["kubernetes.io/arch"] = facts.Architecture,
            ["kubernetes.io/os"] = "linux",
        };
        if (facts.ControlPlane)
            labels["node-role.kubernetes.io/control-plane"] = "";
        return labels;
    }

    private static JsonObject Status(LabKubernetesNodeFacts facts, JsonObject? before, string now)
    {
        var was = before.Items("conditions").FirstOrDefault(c => c.Text("type") == "Ready");
        var ready = facts.Ready ? "True" : "Unknown";
        return new JsonObject
        {
            ["conditions"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Ready",
                    ["status"] = ready,
                    ["reason"] = facts.Ready ? "KubeletReady" : "NodeStatusUnknown",
                    ["message"] = facts.Ready
                        ? "kubelet is posting ready status"
                        : "Kubelet stopped posting node status.",
                    ["lastTransitionTime"] = was.Text("status") == ready ? was.Text("lastTransitionTime") : now,
                }
            ),
            ["addresses"] = new JsonArray([
                .. facts
                    .Addresses.Split(',')
                    .Select(a => new JsonObject { ["type"] = "InternalIP", ["address"] = a })
                    .Append(new JsonObject { ["type"] = "Hostname", ["address"] = facts.Name }),
            ]),
            ["capacity"] = new JsonObject
            {
                ["cpu"] = "8",
                ["memory"] = "32Gi",
                ["pods"] = "110",
            },
            ["allocatable"] = new JsonObject
            {
                ["cpu"] = "8",
                ["memory"] = "31Gi",
                ["pods"] = "110",
            },
            ["nodeInfo"] = new JsonObject
            {
                ["architecture"] = facts.Architecture,
                ["operatingSystem"] = "linux",
                ["osImage"] = facts.OsImage,
                ["kernelVersion"] = facts.KernelVersion,
                ["kubeletVersion"] = facts.KubeletVersion,
                ["kubeProxyVersion"] = "",
                ["containerRuntimeVersion"] = "containerd://2.1.6",
                ["bootID"] = facts.BootId,
                ["machineID"] = facts.MachineId,
                ["systemUUID"] = facts.SystemUuid,
            },
        };
    }
}
