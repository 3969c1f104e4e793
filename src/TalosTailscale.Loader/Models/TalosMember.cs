namespace TalosTailscale;

/// <summary>A member of the cluster as discovery sees it.</summary>
public sealed record TalosMember
{
    /// <summary>The node that was asked.</summary>
    public required string Node { get; init; }

    /// <summary>The member's node name.</summary>
    public required string Id { get; init; }

    /// <summary>The machine's identity; survives a change of name or address.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>Host name.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>Addresses.</summary>
    public IReadOnlyList<string> Addresses
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary><c>controlplane</c> or <c>worker</c>.</summary>
    public string MachineType { get; init; } = "";

    /// <summary>The operating system with its version (<c>Talos (v1.12.4)</c>).</summary>
    public string OperatingSystem { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Id;
}
