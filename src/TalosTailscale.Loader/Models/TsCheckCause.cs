namespace TalosTailscale;

/// <summary>A cause that checks and the log diagnosis name.</summary>
/// <param name="Code">The code: PascalCase, unique, never changed once published.</param>
/// <param name="Meaning">What is wrong.</param>
/// <param name="Fix">What to do.</param>
/// <param name="FailureMode">The number of the runbook's failure mode (1 to 5); null for none.</param>
public sealed record TsCheckCause(string Code, string Meaning, string Fix, int? FailureMode = null)
{
    /// <inheritdoc/>
    public override string ToString() => Code;
}
