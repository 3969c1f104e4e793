namespace TalosTailscale;

/// <summary>A wave of a rollout that ran inside the cluster, as a Kubernetes Job.</summary>
public sealed record TsRolloutWave
{
    /// <summary>The Job, as <c>namespace/name</c>; its pod's log has the steps.</summary>
    public required string Job { get; init; }

    /// <summary>The wave, from 1.</summary>
    public required int Wave { get; init; }

    /// <summary>Its nodes.</summary>
    public required IReadOnlyList<string> Nodes
    {
        get;
        init => field = PlainList.Of(value);
    }

    /// <summary>Whether every node came to its end.</summary>
    public bool Succeeded { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Job;
}
