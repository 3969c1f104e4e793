namespace TalosTailscale;

/// <summary>How one gate came out.</summary>
/// <param name="Gate">The gate.</param>
/// <param name="Status">Its outcome.</param>
/// <param name="Evidence">What was found, and what was expected where they differ; or which fact is missing, and why.</param>
/// <param name="ErrorId">The ErrorId that a refusal has; <c>GateUnknown</c> where a fact is missing.</param>
/// <param name="Advice">What to do about a refusal.</param>
/// <param name="CanSkip">Whether <c>-SkipGate</c> may name it.</param>
public sealed record UkiSwapGateResult(
    UkiSwapGate Gate,
    UkiSwapGateStatus Status,
    string Evidence,
    string ErrorId,
    string Advice,
    bool CanSkip
)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Gate}: {Status}";
}
