namespace TalosTailscale.Benchmarks.Talos;

/// <summary>What one client process measured of itself.</summary>
/// <param name="ImportMilliseconds">Import-Module.</param>
/// <param name="FirstMilliseconds">The first call, which connects.</param>
/// <param name="CpuMilliseconds">The processor's time for it, all threads.</param>
/// <param name="AgainMilliseconds">The same call again, connected and compiled.</param>
/// <param name="IdleBytes">The working set after the import.</param>
/// <param name="PeakBytes">The largest working set there ever was.</param>
internal sealed record FleetFigures(
    double ImportMilliseconds,
    double FirstMilliseconds,
    double CpuMilliseconds,
    double AgainMilliseconds,
    double IdleBytes,
    double PeakBytes
);
