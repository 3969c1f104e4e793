namespace TalosTailscale;

/// <summary>What a rollout is going to do, in which order; <c>Install-TsNode -WhatIf</c> emits it.</summary>
public sealed record TsRolloutPlan
{
    /// <summary>The cluster: the name of the talosconfig's context.</summary>
    public required string Cluster { get; init; }

    /// <summary>The nodes, in the order in which they are changed.</summary>
    public required IReadOnlyList<TsRolloutNode> Nodes
    {
        get;
        init => field = PlainList.Of(value);
    }

    /// <summary>For each wave, how many of its nodes are changed at once.</summary>
    public required IReadOnlyList<int> WaveWidths
    {
        get;
        init => field = PlainList.Of(value);
    }

    /// <summary>After how many failed nodes no further one is begun.</summary>
    public int MaxFailures { get; init; } = 1;

    /// <summary>All steps, node by node.</summary>
    public IReadOnlyList<TsRolloutStep> Steps => [.. Nodes.SelectMany(node => node.Steps)];

    /// <inheritdoc/>
    public override string ToString() => Cluster;
}

/// <summary>What a rollout is going to do with one node.</summary>
public sealed record TsRolloutNode
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The wave, from 1.</summary>
    public int Wave { get; init; }

    /// <summary>Whether it is a control plane.</summary>
    public bool IsControlPlane { get; init; }

    /// <summary>Whether it restarts and is the only control plane: no other member of etcd votes.</summary>
    public bool IsOnlyControlPlane { get; init; }

    /// <summary>Whether an earlier run left it in the middle: it is continued before others are begun.</summary>
    public bool InFlight { get; init; }

    /// <summary>How it gets the image.</summary>
    public TsRolloutMethod Method { get; init; }

    /// <summary>Why this way.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Id of the schematic that it is to run; null for whatever it ran before.</summary>
    public string? SchematicId { get; init; }

    /// <summary>Its steps.</summary>
    public IReadOnlyList<TsRolloutStep> Steps
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => Node;
}
