namespace TalosTailscale.Core.Rollout;

/// <summary>What stands in the way of giving a node its new address everywhere.</summary>
public static class AddressErrors
{
    /// <summary>No live machine could be told to be the node.</summary>
    public static readonly TsError NodeNotRecognised = new(
        "NodeNotRecognised",
        TsErrorCategory.ObjectNotFound,
        "The node is not at its address, and no machine of the cluster is known to be it.",
        "Give the address at which it lives now: -NewAddress; record 'nodeId' in its node.yaml, so that it is known the next time."
    );

    /// <summary>Another machine is at the address.</summary>
    public static readonly TsError AddressOfAnotherMachine = new(
        "AddressOfAnotherMachine",
        TsErrorCategory.InvalidData,
        "The machine at an address is another one than the node.",
        "Look which machine is which (Get-TalosResource Member); correct nodeId in node.yaml if the machine was installed anew."
    );

    /// <summary>An address was given that is none, or the same twice.</summary>
    public static readonly TsError AddressInvalid = new(
        "AddressInvalid",
        TsErrorCategory.InvalidArgument,
        "An old and a new IP address were expected, different from each other.",
        "Give two different IP addresses."
    );

    /// <summary>Storage is bound to the name that would go.</summary>
    public static readonly TsError VolumesPinned = new(
        "VolumesPinned",
        TsErrorCategory.InvalidOperation,
        "Volumes or pods are bound to a Kubernetes node by its name, and the name would go.",
        "Give the node that name back (HostnameConfig with 'auto: off'), or move the data first and delete what is pinned."
    );

    /// <summary>The Kubernetes node lives.</summary>
    public static readonly TsError KubernetesNodeAlive = new(
        "KubernetesNodeAlive",
        TsErrorCategory.InvalidOperation,
        "A Kubernetes node is of a machine that runs, or of another machine than the one that moved; it is not deleted.",
        "Find out which machine it is (kubectl get node -o wide)."
    );

    /// <summary>Something to be repaired needs Kubernetes, which does not answer.</summary>
    public static readonly TsError KubernetesNotAsked = new(
        "KubernetesNotAsked",
        TsErrorCategory.ConnectionError,
        "Kubernetes could not be asked, and what was to be repaired needs its answer.",
        "Give a kubeconfig whose server is reachable: -KubeConfig; repair the kubeconfig first if it names the old address."
    );

    /// <summary>haproxy refuses the new file.</summary>
    public static readonly TsError HaproxyConfigInvalid = new(
        "HaproxyConfigInvalid",
        TsErrorCategory.InvalidData,
        "haproxy accepts the file as it is and refuses it with the new address; the file was left as it is.",
        "Look at the line that haproxy names: as a rule two servers would have the same name."
    );
}
