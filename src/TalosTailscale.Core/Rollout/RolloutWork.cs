using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Rollout;

/// <summary>The work on one node: what was found, what is planned, and the boot in which it began.</summary>
internal sealed class RolloutWork
{
    /// <summary>What the node said.</summary>
    public required RolloutNodeFacts Facts { get; init; }

    /// <summary>What the journal remembered.</summary>
    public required RolloutMemory Memory { get; init; }

    /// <summary>Its way.</summary>
    public required RolloutTrack Track { get; init; }

    /// <summary>How it gets the image.</summary>
    public required TsRolloutMethod Method { get; init; }

    /// <summary>Whether it is to run what it ran before; also where it does already, and no way back is gone.</summary>
    public bool GoesBack { get; init; }

    /// <summary>The boot in which the image is changed; null until that begins.</summary>
    public string? BootId { get; set; }

    /// <summary>The node.</summary>
    public TsNode Node => Facts.Node;

    /// <summary>What the journal calls the node.</summary>
    public string Key => KeyOf(Facts);

    /// <summary>Whether the step that changes the image restarts the node too: an installer does before Talos 1.13.</summary>
    internal bool RestartsItself =>
        Method == TsRolloutMethod.Rollback
        || (Method == TsRolloutMethod.Upgrade && TalosTag.Parse(Facts.TalosVersion) < new Version(1, 13));

    /// <summary>The machine's identity, else its address.</summary>
    internal static string KeyOf(RolloutNodeFacts facts) => facts.NodeId ?? facts.Node.Address;

    /// <inheritdoc/>
    public override string ToString() => Node.Name;
}
