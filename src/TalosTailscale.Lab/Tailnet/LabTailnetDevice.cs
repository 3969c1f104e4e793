namespace TalosTailscale.Lab.Tailnet;

/// <summary>A device of the lab's tailnet.</summary>
public sealed class LabTailnetDevice
{
    /// <summary>The number by which the older API names it.</summary>
    public required string Id { get; init; }

    /// <summary>The stable id (<c>nXyz123CNTRL</c>).</summary>
    public required string NodeId { get; init; }

    /// <summary>The host name that the device gave.</summary>
    public required string Hostname { get; set; }

    /// <summary>The name in the tailnet, unique: the host name, with a number where it was taken.</summary>
    public required string Name { get; set; }

    /// <summary>The IPv4 address.</summary>
    public required string Address { get; init; }

    /// <summary>The IPv6 address.</summary>
    public required string Address6 { get; init; }

    /// <summary>Its tags; a tagged device's key does not expire.</summary>
    public IReadOnlyList<string> Tags { get; set; } = [];

    /// <summary>Whether it has been approved.</summary>
    public bool IsAuthorized { get; set; } = true;

    /// <summary>Whether its tailscaled is connected.</summary>
    public bool IsOnline { get; set; } = true;

    /// <summary>Whether it vanishes when it goes offline.</summary>
    public bool IsEphemeral { get; init; }

    /// <summary>Whether its key never expires.</summary>
    public bool IsKeyExpiryDisabled { get; set; }

    /// <summary>When its node key ends.</summary>
    public required DateTimeOffset Expires { get; set; }

    /// <summary>When it joined.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it was last seen.</summary>
    public required DateTimeOffset LastSeen { get; set; }

    /// <summary>The routes that it offers.</summary>
    public IReadOnlyList<string> AdvertisedRoutes { get; set; } = [];

    /// <summary>The routes that an administrator has let in.</summary>
    public IReadOnlyList<string> EnabledRoutes { get; set; } = [];

    /// <summary>Its version of Tailscale.</summary>
    public string ClientVersion { get; set; } = "1.94.1";

    /// <summary>Its node in the lab; null for a device that is no node.</summary>
    public string? LabNode { get; init; }

    internal string NodeKey =>
        "nodekey:"
        + string.Concat(
            Enumerable.Repeat(
                Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(NodeId.PadRight(16)[..16])),
                2
            )
        );
}
