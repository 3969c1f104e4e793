namespace TalosTailscale.Benchmarks;

/// <summary>A benchmark that goes by a name.</summary>
/// <param name="Issue">The issue that asked for its figures.</param>
/// <param name="MeasureAsync">Measures; takes the arguments, gives the rows.</param>
internal sealed record BenchmarkMode(int Issue, Func<string[], Task<IReadOnlyList<BenchmarkRow>>> MeasureAsync);
