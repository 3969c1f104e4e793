namespace TalosTailscale.Core.MachineConfig;

/// <summary>From Talos 1.10 on the list of extensions in a configuration decides nothing: the boot image does.</summary>
internal static class ExtensionsIgnored
{
    private static readonly Version s_first = new(1, 10);

    /// <summary>The node ignores the list; so it is taken to be where its version is not known, as offline.</summary>
    public static bool Since(Version? talos) => talos is null || talos >= s_first;

    /// <summary>Says so.</summary>
    /// <param name="subject">The list, as the beginning of a sentence.</param>
    public static MachineConfigWarning Warning(string subject) =>
        new(
            "InstallExtensionsIgnored",
            $"{subject} has no effect since Talos 1.10.",
            "Take the extension from the boot image: New-TalosSchematic, then Invoke-UkiSwap or Update-TalosNode."
        );
}
