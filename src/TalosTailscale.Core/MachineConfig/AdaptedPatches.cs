namespace TalosTailscale.Core.MachineConfig;

/// <summary>Patches in the form that a node has.</summary>
/// <param name="Patches">The patches.</param>
/// <param name="Notes">What was moved to another place, line by line.</param>
/// <param name="Warnings">What was left out, and why.</param>
public sealed record AdaptedPatches(
    IReadOnlyList<ConfigPatch> Patches,
    IReadOnlyList<string> Notes,
    IReadOnlyList<MachineConfigWarning> Warnings
);
