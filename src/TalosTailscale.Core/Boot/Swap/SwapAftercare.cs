using System.Net;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>After a swap: reboot through the firmware, wait, and look whether the node is what it was, with the new image.</summary>
public static class SwapAftercare
{
    private static readonly TimeSpan s_settle = TimeSpan.FromMinutes(2);

    /// <summary>Whether the running system is of another image than the one that the booted entry holds by now.</summary>
    /// <param name="facts">The node before the swap.</param>
    /// <param name="uki">The image.</param>
    /// <returns>True when a reboot would change something.</returns>
    public static bool NeedsReboot(SwapNodeFacts facts, UkiInfo uki)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(uki);
        if (!uki.ExtensionsRead || !facts.Extensions.TryGet(out IReadOnlyList<string>? running))
            return true;
        if (uki.SchematicId is { } wanted && facts.SchematicId.TryGet(out string? schematic) && wanted != schematic)
            return true;
        return uki.Extensions.Any(e => !e.IsSchematic && !running.Contains(e.Name, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Asks for the reboot and does not wait.</summary>
    /// <param name="node">The node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The boot that ends.</returns>
    /// <remarks>
    /// POWERCYCLE: a kexec would start the new kernel without the firmware having loaded it once (siderolabs/talos#14146).
    /// </remarks>
    public static async Task<TalosBootMark> RebootAsync(TalosNodeClient node, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(node);
        TalosBootMark before = await TalosBootMark.TakeAsync(node, cancellationToken).ConfigureAwait(false);
        await node.RebootAsync(TalosRebootMode.PowerCycle, cancellationToken).ConfigureAwait(false);
        return before;
    }

    /// <summary>Waits for the node and checks it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="before">The boot that ended.</param>
    /// <param name="result">What the swap did.</param>
    /// <param name="uki">The image.</param>
    /// <param name="options">How long.</param>
    /// <param name="reporter">Told the phases.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The result with boot ids and checks.</returns>
    /// <exception cref="TsException"><c>NodeNotBack</c> with the recovery steps.</exception>
    public static async Task<UkiSwapResult> WaitAsync(
        TalosNodeClient node,
        TalosBootMark before,
        UkiSwapResult result,
        UkiInfo uki,
        TalosWaitOptions options,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(uki);
        ArgumentNullException.ThrowIfNull(options);
        TalosWaitResult back;
        try
        {
            back = await TalosNodeWait
                .ForReadyAsync(node, before, options, reporter, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TsException exception)
            when (exception.Error == TalosErrors.TalosWaitTimeout && result.Backup is not null)
        {
            throw BootErrors.NodeNotBack.New(
                $"{exception.Message} {RecoveryText.For(result.BootedEntry, result.Backup)}",
                result.Node,
                exception
            );
        }

        var checks = new List<UkiSwapCheck>(result.Checks)
        {
            new(
                "Reboot",
                back.Restarted == true,
                back.Restarted == true ? "another boot than before" : "still the boot of before"
            ),
            new(
                "Node name",
                back.PreviousHostname is null,
                back.PreviousHostname is null
                    ? $"'{back.Hostname}'"
                    : $"'{back.Hostname}', was '{back.PreviousHostname}'"
            ),
        };
        IReadOnlyList<TalosExtension> extensions = await node.ExtensionsAsync(cancellationToken).ConfigureAwait(false);
        checks.Add(Schematic(extensions, uki));
        string running = await node.KernelCommandLineAsync(cancellationToken).ConfigureAwait(false);
        checks.Add(new("Command line", SameWords(running, uki.CommandLine), running));
        if (uki.HasExtension("tailscale"))
        {
            checks.Add(
                new("Extension", extensions.Any(e => e.Name == "tailscale"), $"{string.Join(", ", extensions)}")
            );
            checks.AddRange(await TailscaleAsync(node, options, cancellationToken).ConfigureAwait(false));
        }

        string? after = (await TalosBootMark.LookAsync(node, cancellationToken).ConfigureAwait(false)).BootId;
        return result with { BootIdBefore = before.BootId, BootIdAfter = after, Checks = checks };
    }

    /// <summary>The checks that failed, as an error.</summary>
    /// <param name="result">What the swap did, and what was found after the reboot.</param>
    /// <returns>The error; null when no check failed.</returns>
    public static TsException? FailureOf(UkiSwapResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Succeeded)
            return null;
        IEnumerable<string> failed = result
            .Checks.Where(check => check.Passed == false)
            .Select(check => $"{check.Name} ({check.Evidence})");
        return BootErrors.SwapNotVerified.New(
            $"'{result.Node}' is back after the reboot, and these checks of it failed: {string.Join("; ", failed)}.",
            result.Node,
            recommendedAction: $"'Test-TsNode {result.Node}' names cause and fix."
                + (
                    result.Backup is null
                        ? ""
                        : $" 'Restore-Uki {result.Node} -Reboot -Wait' goes back to the image that ran before."
                )
        );
    }

    private static UkiSwapCheck Schematic(IReadOnlyList<TalosExtension> extensions, UkiInfo uki)
    {
        string? running = extensions.FirstOrDefault(e => e.Name == "schematic")?.Version;
        return new("Schematic", uki.SchematicId is null ? null : running == uki.SchematicId, running ?? "(none)");
    }

    // The service logs in to the tailnet after the node is ready: given some time, it has an address.
    private static async Task<IEnumerable<UkiSwapCheck>> TailscaleAsync(
        TalosNodeClient node,
        TalosWaitOptions options,
        CancellationToken cancellationToken
    )
    {
        using var clock = new PeriodicTimer(options.Interval);
        TimeSpan patience = options.Timeout < s_settle ? options.Timeout : s_settle;
        for (DateTimeOffset until = DateTimeOffset.UtcNow + patience; ; )
        {
            IReadOnlyList<TalosService> services = await node.ServiceListAsync(cancellationToken).ConfigureAwait(false);
            TalosService? service = services.FirstOrDefault(s => s.Id == "ext-tailscale");
            TailnetAddresses addresses = await node.TailnetAddressesAsync(cancellationToken).ConfigureAwait(false);
            string? address = addresses.Own is [var first, ..] ? first : null;
            if ((service?.State == "Running" && address is not null) || DateTimeOffset.UtcNow >= until)
            {
                return
                [
                    new("Service", service?.State == "Running", $"ext-tailscale {service?.State ?? "is not there"}"),
                    new("Tailnet address", address is not null, address ?? "none on tailscale0"),
                ];
            }

            await clock.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // The firmware or the loader may append; what the image says has to be there.
    private static bool SameWords(string running, string image)
    {
        var words = running
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .ToHashSet(StringComparer.Ordinal);
        return image.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).All(words.Contains);
    }
}
