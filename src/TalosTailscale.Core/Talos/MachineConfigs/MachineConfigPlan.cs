namespace TalosTailscale.Core.Talos;

/// <summary>A change of a node's machine configuration, worked out and tried by the node, not made yet.</summary>
/// <remarks>The texts hold secrets; what may be shown is <see cref="Diff"/> and <see cref="Summary"/>.</remarks>
public sealed class MachineConfigPlan
{
    internal MachineConfigPlan() { }

    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>Whether there is anything to do.</summary>
    public bool Changed { get; init; }

    /// <summary>All documents with what happens to them.</summary>
    public IReadOnlyList<MachineConfigDocument> Documents { get; init; } = [];

    /// <summary>What should be changed.</summary>
    public IReadOnlyList<MachineConfigWarning> Warnings { get; init; } = [];

    /// <summary>The difference, secrets masked.</summary>
    public string Diff { get; init; } = "";

    /// <summary>One line: which documents change and when it takes effect.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Whether the node restarts to make the change, by its own word in the dry run.</summary>
    public bool Restarts { get; internal set; }

    internal bool GoesBack { get; set; }

    internal string? NodeId { get; init; }

    internal string Before { get; init; } = "";

    internal string Version { get; init; } = "";

    internal string After { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{Node}: {Summary}";
}
