using System.Diagnostics;
using System.Globalization;

namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary><c>fuzz TARGET|all COUNT [FIRST]</c>: the long run, from the command line of the benchmarks.</summary>
internal static class FuzzCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Length < 2 || !long.TryParse(args[1], CultureInfo.InvariantCulture, out var count))
        {
            await Console.Error.WriteLineAsync($"fuzz all|{string.Join('|', FuzzTargets.Names)} COUNT [FIRST]");
            return 2;
        }

        var first = args.Length > 2 ? long.Parse(args[2], CultureInfo.InvariantCulture) : 0;
        var bad = 0;
        foreach (var name in args[0] == "all" ? FuzzTargets.Names : args[0].Split(','))
        {
            var watch = Stopwatch.StartNew();
            var result = await FuzzRun.RunAsync(FuzzTargets.Get(name), first, count);
            bad += result.Findings.Count;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-11} {result.Executions,9} executions, {result.Refused,9} refused, {result.Findings.Count} findings, "
                + $"slowest {result.Slowest.TotalMilliseconds:F0} ms, most allocated {result.Largest >> 10} KiB, {watch.Elapsed.TotalSeconds:F0} s"));
            foreach (var finding in result.Findings) Console.WriteLine("  " + finding);
        }

        return bad == 0 ? 0 : 1;
    }
}
