using TalosTailscale.Lab;

namespace TalosTailscale.Rehearsal;

/// <summary>What the scripts of the rehearsal find in their process: <c>[TalosTailscale.Rehearsal.RehearsalStage]::Current</c>.</summary>
public sealed class RehearsalStage
{
    /// <summary>The stage of this process; there is one shell in it.</summary>
    public static RehearsalStage Current { get; internal set; } = new();

    /// <summary>The lab, for the script's <c>$Lab</c>.</summary>
    public LabCluster? Lab { get; internal init; }

    /// <summary>The module's manifest.</summary>
    public string Manifest { get; internal init; } = "";

    /// <summary>The fault that the lab plays, for the script's <c>$Fault</c>.</summary>
    public string? Fault { get; internal init; }

    /// <summary>The words of <c>-Command</c>.</summary>
    public string? Command { get; internal init; }

    /// <summary>A script file.</summary>
    public string? File { get; internal init; }

    /// <summary>True for the scripts in the repository: shown and run statement by statement, as somebody types them.</summary>
    public bool AsTyped { get; internal init; }

    /// <summary>What passed through the output.</summary>
    public CheckTally Tally { get; } = new();

    /// <summary>True when the script came to its end, false when an <c>exit</c> of its own ended it.</summary>
    public bool Ended { get; set; }
}
