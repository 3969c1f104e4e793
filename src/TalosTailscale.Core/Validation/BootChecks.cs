using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>Checks of how the node was booted and what it boots next.</summary>
internal static class BootChecks
{
    private const string HaltFlag = "talos.halt_if_installed";

    public static NodeCheck BootVariant { get; } =
        new("BootVariant", "the node runs an image that an installed disk can boot again", false, async (probe, _) =>
        {
            var commandLine = await probe.KernelCommandLineAsync().ConfigureAwait(false);
            if (Halts(commandLine))
                return CheckResult.Fail(Causes.HaltIfInstalled, "the running command line has talos.halt_if_installed");
            var security = await probe.SecurityStateAsync().ConfigureAwait(false);
            if (security.BootedWithUki == false)
                return probe.Node.Activation == TsActivation.UkiSwap
                    ? CheckResult.Warn(Causes.NotBootedFromUki, "booted without a UKI, and the inventory says uki-swap")
                    : CheckResult.Pass("booted without a UKI");
            var version = await probe.VersionAsync().ConfigureAwait(false);
            var image = RunningVariant.IsSigned(security, commandLine, version.Version) switch
            {
                true => "secureboot image",
                false => "plain image",
                null => "signed or not is not told",
            };
            var entry = await probe.BootedEntryAsync().ConfigureAwait(false);
            return CheckResult.Pass($"{entry ?? "UKI"}, {image}, Secure Boot {(security.SecureBoot ? "on" : "off")}");
        });

    public static NodeCheck Efivars { get; } =
        new("Efivars", "the firmware has refused no EFI variable since boot", false, async (probe, _) =>
        {
            var errors = await probe.EfivarsErrorsAsync().ConfigureAwait(false);
            return errors.Count == 0
                ? CheckResult.Pass("no failed write of an EFI variable in the kernel log")
                : CheckResult.Warn(Causes.EfivarsNotWritable, errors[^1].Trim());
        });

    public static NodeCheck BootEntries { get; } =
        new(
            "BootEntries",
            "the ESP has one active UKI per version, and it boots the running entry",
            true,
            async (probe, _) =>
            {
                if (await probe.EspAsync().ConfigureAwait(false) is not { } esp)
                    return CheckResult.Skip("the EFI system partition cannot be read from here");
                if (esp.NextBoot.Entry is not { } next)
                    return CheckResult.Fail(
                        Causes.NextBootDiffers,
                        "nothing on the ESP can be booted",
                        esp.Findings is [var first, ..] ? first.Advice : null
                    );
                if (LeftByUpgrade(esp) is { } left)
                    return CheckResult.Fail(
                        Causes.EfivarsNotWritable,
                        $"an upgrade has written '{left.Name}', but no EFI variable names it: next is '{next.FileName}' ({esp.NextBoot.Reason})"
                    );
                if (Finding(esp, "DuplicateEntries") is { } duplicates)
                    return CheckResult.Fail(
                        Causes.BootEntriesDuplicate,
                        $"{duplicates.Evidence} Next is '{next.FileName}' ({esp.NextBoot.Reason})"
                    );
                if (Finding(esp, "BootedEntryMissing", "NextBootIsAnother") is { } other)
                    return CheckResult.Warn(Causes.NextBootDiffers, other.Evidence, other.Advice);
                if (
                    Finding(esp, "SharedClusters", "CountedEntry", "StaleVariable", "Leftover", "UnfinishedSwap") is
                    { } odd
                )
                    return CheckResult.Warn(Causes.EspNeedsCare, odd.Evidence, odd.Advice);
                var entries = esp.Files.Where(file => file.Role == EspFileRole.Entry).Select(file => file.Name);
                return CheckResult.Pass(
                    $"{string.Join(", ", entries)}; next '{next.FileName}' ({esp.NextBoot.Reason})"
                );
            }
        );

    public static NodeCheck RunningUki { get; } =
        new("RunningUki", "the UKI that boots next is the one that runs", true, async (probe, _) =>
        {
            if (await probe.EspAsync().ConfigureAwait(false) is not { } esp)
                return CheckResult.Skip("the EFI system partition cannot be read from here");
            if (esp.Files.FirstOrDefault(file => file.BootsNext) is not { Uki: { } uki } file)
                return CheckResult.Skip("no UKI boots next");
            if (uki.HaltsIfInstalled)
                return CheckResult.Fail(
                    Causes.HaltIfInstalled,
                    $"'{file.Name}' on the ESP is the UKI of an installer ISO"
                );
            var running = await probe.VersionAsync().ConfigureAwait(false);
            if (uki.Version is { } version && version != running.Tag)
                return CheckResult.Fail(
                    Causes.RunningUkiDiffers,
                    $"'{file.Name}' is Talos {version}, running is {running.Tag}",
                    RestartFix(probe.Node)
                );
            if (Finding(esp, EspFindings.RestartNeededCode) is { } restart)
                return CheckResult.Fail(Causes.RunningUkiDiffers, restart.Evidence, restart.Advice);
            if (!uki.ExtensionsRead)
                return CheckResult.Skip($"the extensions of '{file.Name}' were not read");
            if (Differs(uki, await probe.ExtensionsAsync().ConfigureAwait(false)) is { } differs)
                return CheckResult.Fail(Causes.RunningUkiDiffers, $"'{file.Name}' {differs}", RestartFix(probe.Node));
            // Another profile has a command line of its own; without one the kernel runs with that of the file, to the letter.
            var line = await probe.KernelCommandLineAsync().ConfigureAwait(false);
            if (
                esp.BootedEntry?.Contains('@', StringComparison.Ordinal) != true
                && Words(line) != Words(uki.CommandLine)
            )
                return CheckResult.Fail(
                    Causes.RunningUkiDiffers,
                    $"'{file.Name}' has another command line than the running kernel",
                    RestartFix(probe.Node)
                );
            return CheckResult.Pass($"'{file.Name}': {running.Tag}, the running extensions and command line");
        });

    private static string RestartFix(TsNode node) =>
        $"If that image is wanted, a restart is enough: 'Restart-TalosNode {node.Name} -Mode PowerCycle'. Else put the right one back: 'Restore-Uki {node.Name}'.";

    private static string? Differs(UkiInfo uki, IReadOnlyList<TalosExtension> running)
    {
        string schematic = running.FirstOrDefault(one => one.Name == "schematic")?.Version ?? "(none)";
        if ((uki.SchematicId ?? "(none)") != schematic)
            return $"has the schematic '{uki.SchematicId ?? "(none)"}', running is '{schematic}'";
        string there = Names(uki.Extensions.Where(one => !one.IsSchematic).Select(one => one.Name));
        string here = Names(running.Where(one => one.Name != "schematic").Select(one => one.Name));
        return there == here ? null : $"has the extensions '{there}', running are '{here}'";
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));

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

    // The installer writes the image as ~N and then the variable that makes it the default: without that, firmware refused.
    private static EspFile? LeftByUpgrade(EspInfo esp) =>
        !esp.VariablesRead || esp.NextBoot.Reason == BootReason.DefaultVariable
            ? null
            : esp.Files.FirstOrDefault(file =>
                file is { Role: EspFileRole.Entry, IsBooted: false, BootsNext: false }
                && file.Name.Contains('~', StringComparison.Ordinal)
            );

    private static EspFinding? Finding(EspInfo esp, params string[] codes) =>
        esp.Findings.FirstOrDefault(one => codes.Contains(one.Code));

    private static string Words(string line) =>
        string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('\0');
}
