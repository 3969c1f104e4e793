namespace TalosTailscale.Core.Validation;

/// <summary>Checks of how the node was booted and what it boots next.</summary>
internal static class BootChecks
{
    private const string HaltFlag = "talos.halt_if_installed";

    public static NodeCheck BootVariant { get; } = new(
        "BootVariant", "the node runs an image that an installed disk can boot again", false,
        async (probe, _) =>
        {
            var commandLine = await probe.KernelCommandLineAsync().ConfigureAwait(false);
            if (Halts(commandLine))
                return CheckResult.Fail(Causes.HaltIfInstalled, "the running command line has talos.halt_if_installed");
            var security = await probe.SecurityStateAsync().ConfigureAwait(false);
            if (security.BootedWithUki == false)
                return probe.Node.Activation == TsActivation.UkiSwap
                    ? CheckResult.Warn(Causes.NotBootedFromUki, "booted without a UKI, and the inventory says uki-swap")
                    : CheckResult.Pass("booted without a UKI");
            var locked = commandLine.Contains("lockdown=confidentiality", StringComparison.Ordinal);
            var entry = await probe.BootedEntryAsync().ConfigureAwait(false);
            return CheckResult.Pass(
                $"{entry ?? "UKI"}, {(locked ? "secureboot" : "plain")} image, Secure Boot {(security.SecureBoot ? "on" : "off")}");
        });

    public static NodeCheck Efivars { get; } = new(
        "Efivars", "the firmware has refused no EFI variable since boot", false,
        async (probe, _) =>
        {
            var errors = await probe.EfivarsErrorsAsync().ConfigureAwait(false);
            return errors.Count == 0
                ? CheckResult.Pass("no failed write of an EFI variable in the kernel log")
                : CheckResult.Warn(Causes.EfivarsNotWritable, errors[^1].Trim());
        });

    public static NodeCheck BootEntries { get; } = new(
        "BootEntries", "the ESP has one active UKI per version, and it boots the running entry", true,
        async (probe, options) =>
        {
            if (options.ReadEsp is null)
                return CheckResult.Skip("the EFI system partition cannot be read from here");
            var esp = await options.ReadEsp(probe.Node, CancellationToken.None).ConfigureAwait(false);
            if (esp.Duplicates.Count > 0)
                return CheckResult.Fail(Causes.BootEntriesDuplicate, string.Join(", ", esp.Duplicates));
            var running = await probe.BootedEntryAsync().ConfigureAwait(false);
            if (esp.NextEntry is null)
                return CheckResult.Fail(Causes.NextBootDiffers, $"nothing on the ESP can be booted: {esp.NextReason}");
            return running is not null && !string.Equals(running, esp.NextEntry, StringComparison.OrdinalIgnoreCase)
                ? CheckResult.Warn(Causes.NextBootDiffers, $"running '{running}', next '{esp.NextEntry}': {esp.NextReason}")
                : CheckResult.Pass($"{string.Join(", ", esp.ActiveUkis)}; next '{esp.NextEntry}'");
        });

    public static NodeCheck RunningUki { get; } = new(
        "RunningUki", "the UKI that boots next carries what runs now", true,
        async (probe, options) =>
        {
            if (options.ReadEsp is null)
                return CheckResult.Skip("the EFI system partition cannot be read from here");
            var esp = await options.ReadEsp(probe.Node, CancellationToken.None).ConfigureAwait(false);
            if (esp.NextHalts)
                return CheckResult.Fail(Causes.HaltIfInstalled, $"'{esp.NextEntry}' on the ESP is the UKI of an installer ISO");
            var running = (await probe.ExtensionsAsync().ConfigureAwait(false))
                .FirstOrDefault(extension => extension.Name == "schematic")?.Version;
            if (esp.NextSchematic is null || running is null)
                return CheckResult.Skip("no schematic is recorded, so the images cannot be compared");
            return string.Equals(running, esp.NextSchematic, StringComparison.OrdinalIgnoreCase)
                ? CheckResult.Pass($"'{esp.NextEntry}' is of the running schematic")
                : CheckResult.Fail(Causes.RunningUkiDiffers, $"'{esp.NextEntry}' is of schematic {esp.NextSchematic[..12]}…, running is {running[..12]}…");
        });

    /// <summary>
    /// Whether a command line makes Talos halt on an installed disk: Go's ParseBool of the first value of the flag.
    /// </summary>
    public static bool Halts(string commandLine)
    {
        foreach (var word in commandLine.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            if (word.StartsWith(HaltFlag + "=", StringComparison.Ordinal))
                return Tailnet.GoBool.TryParse(word[(HaltFlag.Length + 1)..], out var halts) && halts;
            else if (word == HaltFlag)
                return false;
        return false;
    }
}
