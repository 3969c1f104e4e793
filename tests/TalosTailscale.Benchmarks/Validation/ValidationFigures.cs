namespace TalosTailscale.Benchmarks.Validation;

/// <summary>What one client process measured of itself.</summary>
/// <param name="WallMilliseconds">Test-TsNode on all nodes, the first call after import.</param>
/// <param name="CpuMilliseconds">The processor's time for it, all threads.</param>
/// <param name="PeakBytes">The largest working set there ever was, the engine's own included.</param>
/// <param name="Checks">How many checks there were.</param>
/// <param name="Alarms">How many of them failed or warned; the nodes are healthy.</param>
/// <param name="StopMilliseconds">From Ctrl+C to the prompt, in the middle of a second call.</param>
internal sealed record ValidationFigures(
    double WallMilliseconds,
    double CpuMilliseconds,
    double PeakBytes,
    int Checks,
    int Alarms,
    double StopMilliseconds
);
