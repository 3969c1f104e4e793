namespace TalosTailscale;

/// <summary>The kinds of places that may still say a node's old address; several can be combined.</summary>
[Flags]
public enum TsAddressPlace
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A member of the etcd cluster that no machine is any more. Repaired by removing it.</summary>
    EtcdMember = 1,

    /// <summary>A Kubernetes node that no machine is any more. Repaired by deleting it.</summary>
    KubernetesNode = 2,

    /// <summary>The talosconfig: endpoints and nodes of the cluster's contexts.</summary>
    TalosConfig = 4,

    /// <summary>The kubeconfig: the server of the cluster.</summary>
    KubeConfig = 8,

    /// <summary>A machine configuration of the cluster, host names aside: certSANs, the control plane's endpoint.</summary>
    MachineConfig = 16,

    /// <summary>The host name in the node's machine configuration. Renames the node, so it is never part of <see cref="All"/>.</summary>
    Hostname = 32,

    /// <summary>A load balancer's configuration.</summary>
    Haproxy = 64,

    /// <summary>A node.yaml of the inventory.</summary>
    NodeFile = 128,

    /// <summary>A manifest, or another file of data.</summary>
    Manifest = 256,

    /// <summary>A text for people.</summary>
    Documentation = 512,

    /// <summary>Another text file: a script, a source.</summary>
    OtherFile = 1024,

    /// <summary>All of them but <see cref="Hostname"/>.</summary>
    All =
        EtcdMember
        | KubernetesNode
        | TalosConfig
        | KubeConfig
        | MachineConfig
        | Haproxy
        | NodeFile
        | Manifest
        | Documentation
        | OtherFile,
}
