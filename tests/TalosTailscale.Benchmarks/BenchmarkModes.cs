using TalosTailscale.Benchmarks.Kubernetes;
using TalosTailscale.Benchmarks.Rollout;
using TalosTailscale.Benchmarks.Talos;
using TalosTailscale.Benchmarks.Validation;

namespace TalosTailscale.Benchmarks;

/// <summary>The benchmarks by name: <c>dotnet run -c Release -- NAME [ARGUMENTS]</c>. Each prints and returns its rows.</summary>
internal static class BenchmarkModes
{
    public static readonly IReadOnlyDictionary<string, BenchmarkMode> ByName = new Dictionary<string, BenchmarkMode>(
        StringComparer.Ordinal
    )
    {
        ["talos"] = new(3, FleetBenchmark.MeasureAsync),
        ["patch"] = new(4, MachineConfigSizes.MeasureAsync),
        ["images"] = new(5, ImagesBenchmarks.MeasureAsync),
        ["exec"] = new(6, ExecTransfer.MeasureAsync),
        ["validate"] = new(7, ValidationBenchmark.MeasureAsync),
        ["fleet"] = new(8, FleetRollouts.MeasureAsync),
        ["startup"] = new(9, StartupBenchmark.MeasureAsync),
    };
}
