namespace TalosTailscale.Core.MachineConfig;

/// <summary>What patching made of a configuration.</summary>
/// <param name="Text">The whole configuration. Holds secrets.</param>
/// <param name="IsChanged">False when every byte is as before.</param>
/// <param name="Documents">Every document, before or after, with what happened to it, in the order of the result.</param>
public sealed record PatchedConfig(string Text, bool IsChanged, IReadOnlyList<MachineConfigDocument> Documents)
{
    /// <summary>Says nothing of the text, which holds secrets.</summary>
    /// <returns>How many documents there are and whether something changed.</returns>
    public override string ToString() => $"{Documents.Count} documents, {(IsChanged ? "changed" : "unchanged")}";
}
