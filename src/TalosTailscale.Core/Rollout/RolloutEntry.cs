using System.Text.Json.Serialization;

namespace TalosTailscale.Core.Rollout;

/// <summary>What an entry of the journal tells.</summary>
internal enum RolloutEvent : byte
{
    /// <summary>A step is about to begin: written before it does.</summary>
    Begun,

    /// <summary>A step was done.</summary>
    Done,

    /// <summary>A step failed.</summary>
    Failed,

    /// <summary>The node is at an end.</summary>
    Over,
}

/// <summary>One line of the journal. Names, ids and hashes; never a key, nor text of a machine configuration.</summary>
internal sealed record RolloutEntry
{
    /// <summary>When.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The run that wrote it.</summary>
    public string Run { get; init; } = "";

    /// <summary>The machine's identity, else its address: names and addresses change.</summary>
    public required string Key { get; init; }

    /// <summary>The node's name, for people.</summary>
    public string Node { get; init; } = "";

    /// <summary>Its address, by which a node that is down, and cannot be asked who it is, is known again.</summary>
    public string? Address { get; init; }

    /// <summary>What is told.</summary>
    public RolloutEvent Event { get; init; }

    /// <summary>Of which step.</summary>
    public TsRolloutAction Action { get; init; }

    /// <summary>How the image is changed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public TsRolloutMethod Method { get; init; }

    /// <summary>Whether it is a control plane.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsControlPlane { get; init; }

    /// <summary>The boot in which the step begins.</summary>
    public string? BootId { get; init; }

    /// <summary>The schematic that the node is to run.</summary>
    public string? SchematicId { get; init; }

    /// <summary>The schematic that it runs.</summary>
    public string? PreviousSchematicId { get; init; }

    /// <summary>The Talos version that it runs, and is to run on.</summary>
    public string? TalosVersion { get; init; }

    /// <summary>SHA-256 of the image that is put into the place of the one of before.</summary>
    public string? ImageSha256 { get; init; }

    /// <summary>SHA-256 of the image of before.</summary>
    public string? PreviousSha256 { get; init; }

    /// <summary>The file that holds the image of before.</summary>
    public string? Backup { get; init; }

    /// <summary>How the attempt ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RolloutOutcome Outcome { get; init; }

    /// <summary>The id of the error.</summary>
    public string? ErrorId { get; init; }

    // What resuming depends on has to be on the disk before anything else happens; the rest may be lost.
    internal bool IsVital =>
        Event == RolloutEvent.Over
        || (
            Event == RolloutEvent.Begun
            && Action is TsRolloutAction.Cordon or TsRolloutAction.Activate or TsRolloutAction.Restart
        )
        || (Event == RolloutEvent.Done && Action == TsRolloutAction.Activate);
}
