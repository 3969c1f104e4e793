namespace TalosTailscale.Core.Validation;

/// <summary>What came of a check, before node, name and time are added.</summary>
internal sealed record CheckResult(
    TsCheckStatus Status,
    string Evidence,
    TsCheckCause? Cause = null,
    string? Fix = null
)
{
    public static CheckResult Pass(string evidence) => new(TsCheckStatus.Pass, evidence);

    /// <summary>True where there is nothing to look at, rather than something that could not be looked at.</summary>
    public bool NotApplicable { get; init; }

    public static CheckResult Skip(string reason) => new(TsCheckStatus.Skipped, reason);

    public static CheckResult NothingToLookAt(string reason) => Skip(reason) with { NotApplicable = true };

    public static CheckResult Fail(TsCheckCause cause, string evidence, string? fix = null) =>
        new(TsCheckStatus.Fail, evidence, cause, fix);

    public static CheckResult Warn(TsCheckCause cause, string evidence, string? fix = null) =>
        new(TsCheckStatus.Warning, evidence, cause, fix);
}

/// <summary>One check.</summary>
/// <param name="Name">Its name, as <c>-Check</c> takes it.</param>
/// <param name="Purpose">One line: what it makes sure of.</param>
/// <param name="OnlyWhenAsked">True for what costs a pod or a download: skipped unless named by <c>-Check</c>.</param>
/// <param name="RunAsync">The check.</param>
internal sealed record NodeCheck(
    string Name,
    string Purpose,
    bool OnlyWhenAsked,
    Func<INodeProbe, NodeValidationOptions, Task<CheckResult>> RunAsync
);
