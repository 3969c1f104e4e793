namespace TalosTailscale;

/// <summary>
/// What a machine is in its cluster. There is no value for "not known": whoever cannot tell has to say why.
/// </summary>
public enum TalosMachineType
{
    /// <summary>Runs etcd and the Kubernetes control plane.</summary>
    ControlPlane = 1,

    /// <summary>Runs neither.</summary>
    Worker = 2,
}
