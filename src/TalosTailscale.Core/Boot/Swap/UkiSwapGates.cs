using System.Globalization;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What a cmdlet needs to know of the gates and to say of a plan.</summary>
public static class UkiSwapGates
{
    /// <summary>
    /// The gates that going back to an older image skips by itself: those about what the old image holds or is to run with.
    /// Whether it boots, whether the cluster stands the restart, and whether the node is as it should be, is asked as ever.
    /// </summary>
    public static IReadOnlySet<UkiSwapGate> OfOldImage { get; } =
        new HashSet<UkiSwapGate>
        {
            UkiSwapGate.Extensions,
            UkiSwapGate.Tailscale,
            UkiSwapGate.ServiceConfig,
            UkiSwapGate.Subnets,
            UkiSwapGate.Version,
            UkiSwapGate.Variant,
        };

    /// <summary>The refusal to skip gates that nothing skips; null when all may be.</summary>
    /// <param name="gates">What <c>-SkipGate</c> named.</param>
    /// <returns>The error, to be thrown by the caller, or null.</returns>
    public static TsException? RefuseToSkip(IEnumerable<UkiSwapGate> gates)
    {
        ArgumentNullException.ThrowIfNull(gates);
        UkiSwapGate[] fixedOnes = [.. gates.Where(g => !SwapGates.CanSkip(g))];
        return fixedOnes.Length == 0
            ? null
            : SwapErrors.GateNotSkippable.New(
                $"'{string.Join("', '", fixedOnes)}' cannot be skipped: a node would not come back.",
                fixedOnes[0].ToString()
            );
    }

    /// <summary>What the question before a swap says.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="reboot">Whether the node is rebooted after it.</param>
    /// <returns>An imperative.</returns>
    public static string Describe(UkiSwapPlan plan, bool reboot)
    {
        ArgumentNullException.ThrowIfNull(plan);
        string then = reboot ? ", then reboot" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Replace EFI/Linux/{plan.BootedEntry} on {plan.EspDevice} (SHA-256 {Short(plan.OldSha256)} by {Short(plan.NewSha256)}, {plan.NewUki.Version}), keeping '{plan.Backup}'{then}"
        );
    }

    private static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;
}
