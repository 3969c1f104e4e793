namespace TalosTailscale.Lab;

/// <summary>A system extension that the booted UKI carries.</summary>
/// <param name="Layer">Its layer without <c>.sqsh</c>, often a number; the id of its ExtensionStatus.</param>
/// <param name="Name">Its name (<c>tailscale</c>), or <c>schematic</c> for the factory's record of what was built.</param>
/// <param name="Version">Its version; for <c>schematic</c> the schematic id.</param>
/// <param name="ExtraInfo">For <c>schematic</c> the canonical YAML.</param>
public sealed record LabExtension(string Layer, string Name, string Version, string? ExtraInfo = null);
