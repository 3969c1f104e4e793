namespace TalosTailscale.Core.Talos;

/// <summary>How long and how closely a node is waited for.</summary>
public sealed record TalosWaitOptions
{
    /// <summary>In all. Server boards take 5 to 15 minutes before they start to boot.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The longest pause between two looks; the first ones are shorter.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For one look: a node that is down must not hold it up.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
