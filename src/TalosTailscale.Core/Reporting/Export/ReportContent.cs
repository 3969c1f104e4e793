namespace TalosTailscale.Core.Reporting.Export;

/// <summary>A step of a rollout or a swap, as a report shows it.</summary>
/// <param name="Node">The node.</param>
/// <param name="Name">What was done.</param>
/// <param name="Status">What came of it; null while it has not begun.</param>
/// <param name="Evidence">What was seen.</param>
/// <param name="Duration">How long it took.</param>
public sealed record ReportStep(string Node, string Name, TsCheckStatus? Status, string Evidence, TimeSpan Duration);

/// <summary>What goes into a report.</summary>
public sealed record ReportContent
{
    /// <summary>The heading.</summary>
    public string Title { get; init; } = "Tailscale on Talos";

    /// <summary>When the report was made.</summary>
    public DateTimeOffset Created { get; init; } = DateTimeOffset.UtcNow;

    /// <summary>Results of checks, in their order.</summary>
    public IReadOnlyList<TsCheck> Checks { get; init; } = [];

    /// <summary>EFI system partitions.</summary>
    public IReadOnlyList<EspInfo> Partitions { get; init; } = [];

    /// <summary>Steps of a rollout, in their order.</summary>
    public IReadOnlyList<ReportStep> Steps { get; init; } = [];

    /// <summary>Goes over every text before it is written: takes secrets out.</summary>
    public Func<string, string> Mask { get; init; } = text => text;

    /// <summary>The worst that is in it; Skipped when nothing was looked at.</summary>
    internal TsCheckStatus Verdict =>
        Worst(Checks.Select(check => check.Status).Concat(Steps.Select(step => step.Status).OfType<TsCheckStatus>()));

    /// <summary>The worst of several: Fail, then Warning, then Pass.</summary>
    internal static TsCheckStatus Worst(IEnumerable<TsCheckStatus> all)
    {
        var worst = TsCheckStatus.Skipped;
        foreach (var status in all)
            if (Rank(status) > Rank(worst))
                worst = status;
        return worst;
    }

    private static int Rank(TsCheckStatus status) =>
        status switch
        {
            TsCheckStatus.Fail => 3,
            TsCheckStatus.Warning => 2,
            TsCheckStatus.Pass => 1,
            _ => 0,
        };
}
