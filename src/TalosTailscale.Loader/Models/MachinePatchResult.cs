namespace TalosTailscale;

/// <summary>What patching the machine configuration of a node or file did. Holds no secret: the difference is masked.</summary>
public sealed record MachinePatchResult
{
    /// <summary>The node, or the file of an offline patch.</summary>
    public required string Node { get; init; }

    /// <summary>Whether the patches change anything: false when everything was there already, and nothing was sent then.</summary>
    public bool Changed { get; init; }

    /// <summary>Whether the node has (or the file got) the new configuration: false under <c>-WhatIf</c> too.</summary>
    public bool Applied { get; init; }

    /// <summary>The mode that the node used; null when nothing was sent to a node.</summary>
    public TalosApplyMode? Mode { get; init; }

    /// <summary>What should be changed, with the remedy; then what the node itself warned of.</summary>
    public IReadOnlyList<MachineConfigWarning> Warnings
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The difference as a unified diff, secrets masked; empty when nothing changed.</summary>
    public string Diff { get; init; } = "";

    /// <summary>All documents with what happened to them.</summary>
    public IReadOnlyList<MachineConfigDocument> Documents
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The file with the configuration as it was before, readable by its owner alone; null when none was needed.</summary>
    public string? BackupPath { get; init; }

    /// <summary>The written file of an offline patch; null otherwise.</summary>
    public string? OutFile { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Node;
}
