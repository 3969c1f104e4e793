namespace TalosTailscale.Core.Rollout;

/// <summary>How a machine was told to be the node.</summary>
public enum IdentityEvidence
{
    /// <summary>By the cluster identity that node.yaml records.</summary>
    NodeId,

    /// <summary>By the machine id or the firmware's id, which Kubernetes shows for the old node and for the new one.</summary>
    MachineId,

    /// <summary>By its name, which it kept.</summary>
    Name,

    /// <summary>By the user, who gave the address.</summary>
    Given,
}

/// <summary>A node that lives at another address than what was written down.</summary>
public sealed record AddressDrift
{
    /// <summary>The node, as the inventory has it.</summary>
    public required TsNode Node { get; init; }

    /// <summary>The address that is no longer true.</summary>
    public required string OldAddress { get; init; }

    /// <summary>The address at which it answers.</summary>
    public required string NewAddress { get; init; }

    /// <summary>The name of its Kubernetes node before; null when not known.</summary>
    public string? OldName { get; init; }

    /// <summary>The name of its Kubernetes node now; null when not known.</summary>
    public string? NewName { get; init; }

    /// <summary>Its identity in the cluster.</summary>
    public string? NodeId { get; init; }

    /// <summary>How it was recognised.</summary>
    public IdentityEvidence Evidence { get; init; }

    /// <summary>The name of the machine that has the old address now; null when nobody has.</summary>
    public string? OldAddressTakenBy { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Node.Name}: {OldAddress} -> {NewAddress}";
}
