namespace TalosTailscale.Core.Talos;

/// <summary>
/// Whether a node that came back from an upgrade runs what it was upgraded to. Talos falls back to the image of before when
/// the new one does not boot, and is then as ready as after a good upgrade.
/// </summary>
public static class UpgradeOutcome
{
    /// <summary>What does not run, as an error.</summary>
    /// <param name="upgrade">The upgrade, with the version that runs.</param>
    /// <param name="extensions">The extensions that run, the schematic among them.</param>
    /// <returns>The error; null when the image runs, as far as its name tells.</returns>
    public static TsException? FailureOf(TalosUpgrade upgrade, IReadOnlyList<TalosExtension> extensions)
    {
        ArgumentNullException.ThrowIfNull(upgrade);
        ArgumentNullException.ThrowIfNull(extensions);
        InstallerReference image = InstallerReference.Parse(upgrade.Image);
        if (image.Tag.Length > 0 && image.Tag != upgrade.Version)
            return NotRunning(upgrade, $"Talos {upgrade.Version}", $"Talos {image.Tag}");
        string? schematic = extensions.FirstOrDefault(extension => extension.Name == "schematic")?.Version;
        return image.SchematicId is { } wanted && wanted != schematic
            ? NotRunning(upgrade, schematic is null ? "no schematic" : $"schematic {schematic}", $"schematic {wanted}")
            : null;
    }

    private static TsException NotRunning(TalosUpgrade upgrade, string found, string expected) =>
        TalosErrors.UpgradeNotRunning.New(
            $"'{upgrade.Node}' is back and runs {found}; expected {expected}.",
            upgrade.Node
        );
}
