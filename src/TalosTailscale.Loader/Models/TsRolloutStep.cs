namespace TalosTailscale;

/// <summary>One step of a rollout on one node: planned, or with what became of it.</summary>
public sealed record TsRolloutStep
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The wave that the node belongs to, from 1; a wave begins when the one before has ended.</summary>
    public int Wave { get; init; }

    /// <summary>What is done.</summary>
    public required TsRolloutAction Action { get; init; }

    /// <summary>What became of it.</summary>
    public TsRolloutStatus Status { get; init; }

    /// <summary>What is done, as one would say or type it.</summary>
    public string Description { get; init; } = "";

    /// <summary>What has to hold for it to be done; null where nothing more has to than that the step before was done.</summary>
    public string? Gate { get; init; }

    /// <summary>What was seen; empty while it is planned.</summary>
    public string Evidence { get; init; } = "";

    /// <summary>The id of the error that it failed with; null otherwise.</summary>
    public string? ErrorId { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Node} {Action}: {Status}";
}
