namespace TalosTailscale;

/// <summary>A service of a node.</summary>
public sealed record TalosService
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The service (<c>ext-tailscale</c>).</summary>
    public required string Id { get; init; }

    /// <summary>Initialized, Starting, Preparing, Waiting, Running, Stopping, Finished, Failed or Skipped.</summary>
    public required string State { get; init; }

    /// <summary>True or false as its health check says; null for a service without one, as extension services are.</summary>
    public bool? Healthy { get; init; }

    /// <summary>What the health check said last.</summary>
    public string HealthMessage { get; init; } = "";

    /// <summary>When the health changed last; of a service without a health check, when its last event was.</summary>
    public DateTimeOffset? LastChange { get; init; }

    /// <summary>The service's last events, oldest first.</summary>
    public IReadOnlyList<TalosServiceEvent> Events
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>Something that happened to a service.</summary>
/// <param name="Time">When.</param>
/// <param name="State">The state that it came into.</param>
/// <param name="Message">What the node says about it.</param>
public sealed record TalosServiceEvent(DateTimeOffset? Time, string State, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{State}: {Message}";
}
