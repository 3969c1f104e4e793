namespace TalosTailscale;

/// <summary>What a step of a rollout does to a node, in the order in which the steps follow each other.</summary>
public enum TsRolloutAction
{
    /// <summary>Looks whether the node, and for a control plane etcd, is in a state to be changed.</summary>
    Check,

    /// <summary>Patches the machine configuration, without a restart.</summary>
    Patch,

    /// <summary>Keeps new pods off the node.</summary>
    Cordon,

    /// <summary>Moves its pods away, as far as their disruption budgets allow.</summary>
    Drain,

    /// <summary>Hands etcd's leadership to another control plane.</summary>
    HandOver,

    /// <summary>Puts the image with the extension where the node boots from.</summary>
    Activate,

    /// <summary>Restarts the node.</summary>
    Restart,

    /// <summary>Waits until the node runs and is ready again.</summary>
    Return,

    /// <summary>Looks whether the node runs the image, is in the tailnet, and, for a control plane, etcd is whole again.</summary>
    Verify,

    /// <summary>Lets pods onto the node again, if it was cordoned here.</summary>
    Uncordon,
}
