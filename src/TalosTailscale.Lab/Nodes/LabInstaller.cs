using System.Globalization;

namespace TalosTailscale.Lab.Nodes;

/// <summary>
/// What Talos's installer does to the ESP of a node that boots by systemd-boot, in its order (siderolabs/talos
/// internal/app/machined/pkg/runtime/v1alpha1/bootloader/sdboot).
/// </summary>
internal static class LabInstaller
{
    /// <summary>Installs a UKI next to the current one and makes it the default.</summary>
    /// <returns>The error that the installer ends with; null when it went well.</returns>
    internal static string? Install(LabNode node, string ukiPath, UkiInfo uki)
    {
        if (LabFirmware.Probe(node) is not { } current)
            return "failed to probe bootloader on upgrade: no valid boot entry found matching LoaderEntryDefault or LoaderEntrySelected";
        var folder = LabFirmware.LinuxFolder(node);
        foreach (var file in TalosUkis(node).Where(f => !f.Equals(current, StringComparison.OrdinalIgnoreCase)))
            File.Delete(Path.Combine(folder, file));

        var name = NextName(node, uki.Version ?? node.TalosVersion);
        if (node.Faults.Has(LabFault.FullEsp))
            return $"failed to install bootloader: write /boot/EFI/EFI/Linux/{name}: no space left on device";
        File.Copy(ukiPath, Path.Combine(folder, name));

        // The variables come last: on boards whose firmware fails here, the new UKI is already there as ~1.
        if (WriteVariable(node, "LoaderEntryDefault", name) is { } error)
            return "failed to install bootloader: " + error;
        node.LoaderVariables["LoaderConfigTimeout"] = "5";
        return null;
    }

    /// <summary>Writes an EFI variable, if the firmware lets it.</summary>
    /// <returns>The error; null when it was written.</returns>
    internal static string? WriteVariable(LabNode node, string name, string value)
    {
        if (node.Faults.Has(LabFault.EfivarsIoError))
            return $"failed to write {name}: write /sys/firmware/efi/efivars/{name}-{LabLoaderVariables.Guid}: input/output error";
        node.LoaderVariables[name] = value;
        return null;
    }

    /// <summary>The names of Talos's UKIs on the ESP, sorted.</summary>
    internal static IReadOnlyList<string> TalosUkis(LabNode node) =>
        [
            .. Directory
                .GetFiles(LabFirmware.LinuxFolder(node))
                .Select(f => Path.GetFileName(f))
                .Where(f => f.StartsWith("Talos-", StringComparison.OrdinalIgnoreCase) && LabFirmware.IsUkiName(f))
                .Order(StringComparer.OrdinalIgnoreCase),
        ];

    // A UKI that is there is never overwritten: the same version again is ~1, ~2 and so on (siderolabs/talos#11343).
    private static string NextName(LabNode node, string version)
    {
        var stem = $"Talos-{version}";
        var taken = TalosUkis(node)
            .Select(f => f[..^4])
            .Where(f =>
                f.Equals(stem, StringComparison.OrdinalIgnoreCase)
                || f.StartsWith(stem + "~", StringComparison.OrdinalIgnoreCase)
            )
            .ToList();
        if (taken.Count == 0)
            return stem + ".efi";
        var highest = taken.Max(f =>
            int.TryParse(f.AsSpan(Math.Min(f.Length, stem.Length + 1)), CultureInfo.InvariantCulture, out var n) ? n : 0
        );
        return $"{stem}~{highest + 1}.efi";
    }
}
