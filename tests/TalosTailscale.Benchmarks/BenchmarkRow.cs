namespace TalosTailscale.Benchmarks;

/// <summary>
/// One line of the table of all benchmarks. <paramref name="Ours"/> and <paramref name="Peer"/> come from the same run;
/// they are texts with their unit, as a reader is to see them (<see cref="Figures"/> makes them).
/// </summary>
/// <param name="Issue">The issue that asked for the figure.</param>
/// <param name="What">What was done, with its size.</param>
/// <param name="Ours">Our figure.</param>
/// <param name="Peer">The peer's name and figure of this run, or that it is not there; null where no peer does such a thing.</param>
/// <param name="Bar">What was promised, or null where the figure is only told.</param>
/// <param name="Met">Whether the bar was met in this run, or null without a bar or without the peer it is held against.</param>
internal sealed record BenchmarkRow(
    int Issue,
    string What,
    string Ours,
    string? Peer = null,
    string? Bar = null,
    bool? Met = null
)
{
    /// <summary>The row of a mode that did not come to its end.</summary>
    public static BenchmarkRow Failed(int issue, string mode, string how) =>
        new(issue, $"mode {mode}", how, Met: false);
}
