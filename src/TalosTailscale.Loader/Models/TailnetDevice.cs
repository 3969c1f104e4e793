namespace TalosTailscale;

/// <summary>Where the knowledge of a device comes from.</summary>
public enum TailnetSource
{
    /// <summary>The tailscaled on this machine.</summary>
    LocalApi,

    /// <summary>The tailnet's API.</summary>
    Api,

    /// <summary>The text of <c>tailscale status --json</c>.</summary>
    Text,
}

/// <summary>A device of the tailnet.</summary>
public sealed record TailnetDevice
{
    /// <summary>The name by which the tailnet knows it: the first label of its DNS name, <c>-1</c> and the like included.</summary>
    public required string Name { get; init; }

    /// <summary>The name that the device asked for.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>The full DNS name, without a final dot; empty without MagicDNS.</summary>
    public string DnsName { get; init; } = "";

    /// <summary>The id for the API.</summary>
    public string Id { get; init; } = "";

    /// <summary>The addresses in the tailnet.</summary>
    public IReadOnlyList<string> Addresses
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The tags.</summary>
    public IReadOnlyList<string> Tags
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Whether it is online; null when the source does not say.</summary>
    public bool? Online { get; init; }

    /// <summary>When it was last seen, where the source says.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Whether an administrator has approved it; null when the source does not say.</summary>
    public bool? Authorized { get; init; }

    /// <summary>When its key expires; null for never, or when the source does not say.</summary>
    public DateTimeOffset? KeyExpires { get; init; }

    /// <summary>Whether its key has expired.</summary>
    public bool KeyExpired { get; init; }

    /// <summary>The routes that it offers; empty when the source does not say.</summary>
    public IReadOnlyList<string> AdvertisedRoutes
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The routes that are in force.</summary>
    public IReadOnlyList<string> EnabledRoutes
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The operating system.</summary>
    public string OperatingSystem { get; init; } = "";

    /// <summary>The version of its client; empty when the source does not say.</summary>
    public string ClientVersion { get; init; } = "";

    /// <summary>The user that owns it; empty for tagged devices and when the source does not say.</summary>
    public string User { get; init; } = "";

    /// <summary>Whether it is the machine that this runs on.</summary>
    public bool IsSelf { get; init; }

    /// <summary>Where this is from.</summary>
    public TailnetSource Source { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
