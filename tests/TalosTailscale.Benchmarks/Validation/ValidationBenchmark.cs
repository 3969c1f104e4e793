using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TalosTailscale.Benchmarks.Validation;

/// <summary><c>Test-TsNode -ThrottleLimit 64</c> on a fleet that is healthy and joined: the lab is one process, the client another.</summary>
internal static class ValidationBenchmark
{
    private const int Issue = 7;
    private const double MebiByte = 1 << 20;

    /// <summary>Arguments: how many nodes (default 1000), how many runs (default 3).</summary>
    public static async Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(string[] args)
    {
        var nodes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
        using var lab = Start("validate-lab", nodes.ToString(CultureInfo.InvariantCulture));
        var folder = await lab.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("The lab did not start.");
        var figures = new List<ValidationFigures>();
        for (var round = 0; round < rounds; round++)
            figures.Add(await RunClientAsync(folder));
        lab.StandardInput.Close();
        await lab.WaitForExitAsync();
        return Rows(nodes, figures);
    }

    private static List<BenchmarkRow> Rows(int nodes, List<ValidationFigures> all)
    {
        var wall = Figures.Median(all.Select(one => one.WallMilliseconds));
        var peak = Figures.Median(all.Select(one => one.PeakBytes));
        var stop = all.Max(one => one.StopMilliseconds);
        var alarms = all.Sum(one => one.Alarms);
        var full = nodes >= 1000;
        return
        [
            new(
                Issue,
                FormattableString.Invariant(
                    $"Test-TsNode -ThrottleLimit 64, {nodes} nodes, {all[0].Checks} checks, new process"
                ),
                $"{Figures.Milliseconds(wall)} (CPU {Figures.Milliseconds(Figures.Median(all.Select(one => one.CpuMilliseconds)))})",
                Bar: full ? "< 20 s on 2 cores" : null,
                Met: full ? wall < 20_000 : null
            ),
            new(
                Issue,
                "… memory at most, the engine included",
                FormattableString.Invariant($"{peak / MebiByte:0} MiB"),
                Bar: full ? "< 300 MiB" : null,
                Met: full ? peak < 300 * MebiByte : null
            ),
            new(Issue, "… false alarms", alarms.ToString(CultureInfo.InvariantCulture), Bar: "0", Met: alarms == 0),
            new(
                Issue,
                "… Ctrl+C to the prompt, the slowest",
                Figures.Milliseconds(stop),
                Bar: "< 1 s",
                Met: stop < 1000
            ),
        ];
    }

    private static async Task<ValidationFigures> RunClientAsync(string folder)
    {
        using var client = Start("validate-client", folder);
        client.StandardInput.Close();
        var text = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        if (client.ExitCode != 0)
            throw new InvalidOperationException($"The client failed: {text}");
        Console.Error.WriteLine($"   {text.Trim()}");
        return JsonSerializer.Deserialize<ValidationFigures>(text)!;
    }

    private static Process Start(params string[] arguments)
    {
        var host = Environment.ProcessPath!;
        string[] assembly =
            Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(ValidationBenchmark).Assembly.Location] : [];
        return Process.Start(
            new ProcessStartInfo(host, [.. assembly, .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
    }
}
