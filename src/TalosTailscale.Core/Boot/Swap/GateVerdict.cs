using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What one gate finds, before it is known whether somebody skips it.</summary>
/// <param name="Status">Passed, Refused, NotApplicable or Unknown.</param>
/// <param name="Evidence">What was found, and what was expected where they differ.</param>
/// <param name="Loss">With Unknown: the fact that is missing.</param>
internal sealed record GateVerdict(UkiSwapGateStatus Status, string Evidence, FactLoss? Loss = null)
{
    internal static GateVerdict Of(bool holds, string evidence) =>
        new(holds ? UkiSwapGateStatus.Passed : UkiSwapGateStatus.Refused, evidence);

    /// <summary>The gate does not concern this node or this swap.</summary>
    internal static GateVerdict NotApplicable(string why) => new(UkiSwapGateStatus.NotApplicable, why);

    internal static GateVerdict Unknown(FactLoss loss) => new(UkiSwapGateStatus.Unknown, loss.ToString(), loss);

    /// <summary>Judges by a fact; without it nothing is known.</summary>
    internal static GateVerdict By<T>(Fact<T> fact, Func<T, GateVerdict> judge)
        where T : notnull => fact.TryGet(out T? value) ? judge(value) : Unknown(fact.Loss!);
}
