using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TalosTailscale.Benchmarks.Talos;

/// <summary>
/// <c>Get-TalosExtension</c> on 1, 10, 100 and 1000 nodes through the PowerShell engine. The lab is one process and the
/// client another, new for every figure: its time is that of a first call after import, its memory is its own.
/// </summary>
internal static class FleetBenchmark
{
    private const int Issue = 3;
    private const double MebiByte = 1 << 20;

    /// <summary>Arguments: how many runs of each size (default 3), then the sizes (default 1 10 100 1000).</summary>
    public static async Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(string[] args)
    {
        var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 3;
        int[] sizes =
            args.Length > 1
                ? [.. args.Skip(1).Select(a => int.Parse(a, CultureInfo.InvariantCulture))]
                : [1, 10, 100, 1000];
        var medians = new Dictionary<int, FleetFigures>();
        var rows = new List<BenchmarkRow>();
        foreach (var size in sizes)
        {
            using var lab = Start("talos-lab", size.ToString(CultureInfo.InvariantCulture));
            var folder = await lab.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException("The lab did not start.");
            var figures = new List<FleetFigures>();
            for (var round = 0; round < rounds; round++)
                figures.Add(await RunClientAsync(folder, size));
            lab.StandardInput.Close();
            await lab.WaitForExitAsync();
            var median = Median(figures);
            medians[size] = median;
            rows.AddRange(Rows(size, median));
        }

        if (medians.TryGetValue(10, out var few) && medians.TryGetValue(1000, out var many))
            rows.Add(Growth(few, many));
        return rows;
    }

    private static IEnumerable<BenchmarkRow> Rows(int size, FleetFigures median)
    {
        var nodes = size == 1 ? "1 node" : $"{size} nodes";
        (string? bar, bool? met) time = size switch
        {
            1 => ("first call after import < 600 ms", median.FirstMilliseconds < 600),
            1000 => ("< 10 s", median.FirstMilliseconds < 10_000),
            _ => (null, null),
        };
        yield return new(
            Issue,
            $"Get-TalosExtension, {nodes}, new process ({Checkout.Code})",
            $"{Figures.Milliseconds(median.FirstMilliseconds)} (CPU {Figures.Milliseconds(median.CpuMilliseconds)}, "
                + $"again {Figures.Milliseconds(median.AgainMilliseconds)})",
            Bar: time.bar,
            Met: time.met
        );
        var above = median.PeakBytes - median.IdleBytes;
        yield return new(
            Issue,
            $"… memory above the idle engine ({Mebibytes(median.IdleBytes)})",
            Mebibytes(above),
            Bar: size == 1000 ? "< 200 MiB" : null,
            Met: size == 1000 ? above < 200 * MebiByte : null
        );
    }

    // What a call costs once is in the first figure of each size; the second run is what grows with the nodes.
    private static BenchmarkRow Growth(FleetFigures few, FleetFigures many)
    {
        var time = many.AgainMilliseconds / few.AgainMilliseconds;
        var memory = (many.PeakBytes - many.IdleBytes) / (few.PeakBytes - few.IdleBytes);
        return new(
            Issue,
            "… growth from 10 to 1000 nodes",
            FormattableString.Invariant($"time ×{time:0}, memory ×{memory:0.0}"),
            Bar: "at most ×100",
            Met: time <= 100 && memory <= 100
        );
    }

    private static string Mebibytes(double bytes) => FormattableString.Invariant($"{bytes / MebiByte:0} MiB");

    private static FleetFigures Median(List<FleetFigures> all) =>
        new(
            Figures.Median(all.Select(f => f.ImportMilliseconds)),
            Figures.Median(all.Select(f => f.FirstMilliseconds)),
            Figures.Median(all.Select(f => f.CpuMilliseconds)),
            Figures.Median(all.Select(f => f.AgainMilliseconds)),
            Figures.Median(all.Select(f => f.IdleBytes)),
            Figures.Median(all.Select(f => f.PeakBytes))
        );

    private static async Task<FleetFigures> RunClientAsync(string folder, int size)
    {
        using var client = Start("talos-client", folder, size.ToString(CultureInfo.InvariantCulture));
        client.StandardInput.Close();
        var text = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        if (client.ExitCode != 0)
            throw new InvalidOperationException($"The client failed: {text}");
        Console.Error.WriteLine($"   {size} nodes: {text.Trim()}");
        return JsonSerializer.Deserialize<FleetFigures>(text)!;
    }

    private static Process Start(params string[] arguments)
    {
        var host = Environment.ProcessPath!;
        string[] assembly =
            Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(FleetBenchmark).Assembly.Location] : [];
        return Process.Start(
            new ProcessStartInfo(host, [.. assembly, .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
    }
}
