namespace TalosTailscale.Core.Validation;

public static partial class Causes
{
    /// <summary>Kubernetes has no such node.</summary>
    public static readonly TsCheckCause KubernetesNodeMissing = new(
        "KubernetesNodeMissing",
        "Kubernetes has no node of this name or address.",
        "Look at Get-TalosService kubelet on the node; correct kubernetesName in node.yaml if it has another name.",
        5
    );

    /// <summary>Talos and Kubernetes are two clusters.</summary>
    public static readonly TsCheckCause ClustersDiffer = new(
        "ClustersDiffer",
        "The talosconfig and the kubeconfig are of two different clusters.",
        "Give the kubeconfig of the same cluster with -KubeConfig, or its context with -KubeContext."
    );

    /// <summary>The Kubernetes node is not ready.</summary>
    public static readonly TsCheckCause KubernetesNodeNotReady = new(
        "KubernetesNodeNotReady",
        "The Kubernetes node is not Ready.",
        "Run Test-TsNode on it; look at Get-TalosService kubelet."
    );

    /// <summary>No pods go to the node.</summary>
    public static readonly TsCheckCause KubernetesNodeCordoned = new(
        "KubernetesNodeCordoned",
        "The Kubernetes node is cordoned: no new pods go to it.",
        "Uncordon it when the work on it is done: kubectl uncordon."
    );

    /// <summary>A node of before.</summary>
    public static readonly TsCheckCause KubernetesNodeStale = new(
        "KubernetesNodeStale",
        "Kubernetes still has a node that is gone: it went, or came back under another name.",
        "Make sure that the machine is gone, then remove the node: kubectl delete node.",
        5
    );

    /// <summary>A node that nobody wrote down.</summary>
    public static readonly TsCheckCause KubernetesNodeUnknown = new(
        "KubernetesNodeUnknown",
        "Kubernetes has a node that the inventory does not.",
        "Add it to devices/ (node.yaml), or remove it from the cluster."
    );

    /// <summary>A member of before.</summary>
    public static readonly TsCheckCause EtcdMemberStale = new(
        "EtcdMemberStale",
        "etcd has a member that is no control plane at the address of the inventory: a vote is lost.",
        "When its node is gone for good: Remove-TalosEtcdMember. When its address has changed: "
            + "Update-TalosNodeAddress.",
        5
    );

    /// <summary>A control plane without etcd.</summary>
    public static readonly TsCheckCause EtcdMemberMissing = new(
        "EtcdMemberMissing",
        "A control plane is not a member of etcd.",
        "Look at Get-TalosService etcd on it; a stale member of the same name can be in its way (Get-TalosEtcdMember).",
        5
    );

    /// <summary>A member without a vote.</summary>
    public static readonly TsCheckCause EtcdMemberLearning = new(
        "EtcdMemberLearning",
        "A member of etcd only learns and does not vote yet.",
        "Wait until it has caught up; look at Get-TalosService etcd."
    );

    /// <summary>An even number of members.</summary>
    public static readonly TsCheckCause EtcdMembersEven = new(
        "EtcdMembersEven",
        "etcd has an even number of members, which stands no more failures than one member less.",
        "Add or remove a control plane."
    );

    /// <summary>No leader.</summary>
    public static readonly TsCheckCause EtcdWithoutLeader = new(
        "EtcdWithoutLeader",
        "etcd has no leader, or its members do not agree on one.",
        "Bring the missing members back; without a majority the Kubernetes API cannot write."
    );

    /// <summary>etcd complains.</summary>
    public static readonly TsCheckCause EtcdUnhealthy = new(
        "EtcdUnhealthy",
        "etcd does not answer on a control plane, or reports errors or alarms.",
        "Look at Get-TalosLog etcd on that node."
    );

    /// <summary>An old address in HAProxy.</summary>
    public static readonly TsCheckCause LoadBalancerStale = new(
        "LoadBalancerStale",
        "A server of HAProxy has another address than the inventory.",
        "Run Update-TalosNodeAddress, and load the configuration on the load balancer again.",
        5
    );

    /// <summary>A control plane that HAProxy does not know.</summary>
    public static readonly TsCheckCause LoadBalancerIncomplete = new(
        "LoadBalancerIncomplete",
        "HAProxy has no server for a control plane.",
        "Add a server line with its address and port 6443.",
        5
    );

    /// <summary>The registry itself is not up.</summary>
    public static readonly TsCheckCause RegistryPodNotReady = new(
        "RegistryPodNotReady",
        "A pod of the registry is not ready.",
        "Look at the pod: kubectl describe pod."
    );
}
