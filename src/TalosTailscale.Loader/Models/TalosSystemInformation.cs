namespace TalosTailscale;

/// <summary>
/// What a machine's firmware says of it (SMBIOS). Boards may leave any of it empty, and clones share it: a different
/// <see cref="Uuid"/> proves another machine, an equal one proves nothing.
/// </summary>
public sealed record TalosSystemInformation
{
    /// <summary>The node that was asked.</summary>
    public required string Node { get; init; }

    /// <summary>The maker of the board or system.</summary>
    public string Manufacturer { get; init; } = "";

    /// <summary>The product's name.</summary>
    public string ProductName { get; init; } = "";

    /// <summary>The serial number.</summary>
    public string SerialNumber { get; init; } = "";

    /// <summary>The system's UUID, lower case; Kubernetes shows the same as <c>status.nodeInfo.systemUUID</c>.</summary>
    public string Uuid { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Uuid;
}
