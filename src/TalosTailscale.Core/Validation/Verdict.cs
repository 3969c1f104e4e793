namespace TalosTailscale.Core.Validation;

/// <summary>
/// One answer for many checks: yes only where everything that was asked for was looked at and passed.
/// </summary>
public static class Verdict
{
    /// <summary>Whether a check leaves the answer at yes. A warning passes: it was looked at.</summary>
    /// <param name="check">The check.</param>
    /// <param name="asked">The checks that were asked for by name.</param>
    /// <returns>False where it failed, could not be made, or was asked for and had nothing to look at.</returns>
    public static bool Allows(TsCheck check, IReadOnlyList<string> asked)
    {
        ArgumentNullException.ThrowIfNull(check);
        ArgumentNullException.ThrowIfNull(asked);
        return check.Status switch
        {
            TsCheckStatus.Pass or TsCheckStatus.Warning => true,
            TsCheckStatus.Skipped => check.NotApplicable
                && !asked.Contains(check.Name, StringComparer.OrdinalIgnoreCase),
            _ => false,
        };
    }
}
