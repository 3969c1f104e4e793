using TalosTailscale.Benchmarks.Kubernetes;
using TalosTailscale.Benchmarks.Rollout;
using TalosTailscale.Benchmarks.Talos;
using TalosTailscale.Benchmarks.Validation;

namespace TalosTailscale.Benchmarks;

/// <summary>The benchmarks by name: <c>dotnet run -c Release -- NAME [ARGUMENTS]</c>. Each prints and returns its rows.</summary>
internal static class BenchmarkModes
{
    public static readonly IReadOnlyDictionary<string, Func<string[], Task<IReadOnlyList<BenchmarkRow>>>> ByName =
        new SortedDictionary<string, Func<string[], Task<IReadOnlyList<BenchmarkRow>>>>(StringComparer.Ordinal)
        {
            ["exec"] = ExecTransfer.MeasureAsync,
            ["fleet"] = FleetRollouts.MeasureAsync,
            ["images"] = ImagesBenchmarks.MeasureAsync,
            ["patch"] = MachineConfigSizes.MeasureAsync,
            ["startup"] = StartupBenchmark.MeasureAsync,
            ["talos"] = FleetBenchmark.MeasureAsync,
            ["validate"] = ValidationBenchmark.MeasureAsync,
        };
}
