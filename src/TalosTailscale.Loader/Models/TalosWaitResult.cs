namespace TalosTailscale;

/// <summary>A node that is up and ready again.</summary>
public sealed record TalosWaitResult
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The stage, which is <c>running</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>True if the node has restarted; null if no restart was waited for, so that it is not known.</summary>
    public bool? Restarted { get; init; }

    /// <summary>When the running boot began, where the node tells.</summary>
    public DateTimeOffset? BootTime { get; init; }

    /// <summary>The host name now.</summary>
    public string? Hostname { get; init; }

    /// <summary>The host name before, where it was another one: the node came back under another name.</summary>
    public string? PreviousHostname { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Node} {Stage}";
}
