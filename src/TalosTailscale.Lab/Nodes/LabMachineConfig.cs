namespace TalosTailscale.Lab;

/// <summary>A machine config that a node holds: the text as it was sent, comments and all, and its resource version.</summary>
/// <param name="Text">The whole multi-document YAML.</param>
/// <param name="Version">The resource version, raised by one at every change.</param>
public sealed record LabMachineConfig(string Text, int Version);
