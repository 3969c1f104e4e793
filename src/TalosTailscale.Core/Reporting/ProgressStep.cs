namespace TalosTailscale.Core.Reporting;

/// <summary>A state of progress.</summary>
/// <param name="Activity">What is being done (<c>Swapping UKI</c>); steps with the same activity and target are one bar.</param>
/// <param name="Target">The node or file; null where there is only one.</param>
/// <param name="Status">What happens at the moment (<c>staging</c>).</param>
/// <param name="Done">How much is done; null when unknown.</param>
/// <param name="Total">How much there is in all; null when unknown.</param>
/// <param name="Completed">True once at the end: the bar goes away.</param>
/// <param name="Unit">What is counted (<c>nodes</c>); null for bytes.</param>
public sealed record ProgressStep(
    string Activity,
    string? Target,
    string Status,
    long? Done = null,
    long? Total = null,
    bool Completed = false,
    string? Unit = null
);
