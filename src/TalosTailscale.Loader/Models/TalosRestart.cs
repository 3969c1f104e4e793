namespace TalosTailscale;

/// <summary>A restart that has begun, with what tells the boot before it from the one after.</summary>
public sealed record TalosRestart
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The kernel's id of the boot before; null where the role does not allow to read it.</summary>
    public string? PreviousBootId { get; init; }

    /// <summary>When the boot before began.</summary>
    public DateTimeOffset? PreviousBootTime { get; init; }

    /// <summary>The machine's identity, which survives a change of name or address.</summary>
    public string? NodeId { get; init; }

    /// <summary>The host name before.</summary>
    public string? PreviousHostname { get; init; }

    /// <summary>The address by which the cluster knew the machine; null where the node was reached by another one.</summary>
    public string? PreviousAddress { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Node;
}
