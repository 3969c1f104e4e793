namespace TalosTailscale.Benchmarks;

/// <summary>
/// One line of the table of all benchmarks. <paramref name="Ours"/> and <paramref name="Peer"/> come from the same run;
/// they are texts with their unit, as a reader is to see them (<see cref="Figures"/> makes them).
/// </summary>
/// <param name="Issue">Which part of the work asked for the figure: 1 to 8.</param>
/// <param name="What">What was done, with its size.</param>
/// <param name="Ours">Our figure.</param>
/// <param name="Peer">The peer's name and figure of this run, or null where there is none.</param>
/// <param name="Bar">What was promised, or null where the figure is only told.</param>
/// <param name="Met">Whether the bar was met in this run, or null without a bar.</param>
internal sealed record BenchmarkRow(int Issue, string What, string Ours, string? Peer = null, string? Bar = null, bool? Met = null);
