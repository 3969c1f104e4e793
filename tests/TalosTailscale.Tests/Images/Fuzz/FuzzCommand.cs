using System.Globalization;

namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary><c>fuzz all|remaining|TARGET,… COUNT [FIRST]</c>: the long run, from the command line of the benchmarks.</summary>
internal static class FuzzCommand
{
    // Those for which a million executions have been recorded are not repeated by "remaining".
    private static readonly string[] s_recorded =
    [
        "pe",
        "cpio",
        "xz",
        "osrelease",
        "partitions",
        "zstd",
        "initrd",
        "extensions",
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Length < 2 || !long.TryParse(args[1], CultureInfo.InvariantCulture, out var count))
        {
            await Console.Error.WriteLineAsync(
                $"fuzz all|remaining|{string.Join('|', FuzzTargets.Names)} COUNT [FIRST]"
            );
            return 2;
        }

        var first = args.Length > 2 ? long.Parse(args[2], CultureInfo.InvariantCulture) : 0;
        IReadOnlyList<string> names = args[0] switch
        {
            "all" => FuzzTargets.Names,
            "remaining" => [.. FuzzTargets.Names.Except(s_recorded)],
            _ => args[0].Split(','),
        };
        var bad = 0;
        Console.WriteLine(
            "| target     | executions | refused    | findings | slowest | largest allocation | processor time |"
        );
        Console.WriteLine(
            "|------------|-----------:|-----------:|---------:|--------:|-------------------:|---------------:|"
        );
        foreach (var name in names)
        {
            var started = Environment.CpuUsage.TotalTime;
            var result = await FuzzRun.RunAsync(FuzzTargets.Get(name), first, count, done =>
                Console.Error.Write($"\r{name} {done} ")
            );
            var took = Environment.CpuUsage.TotalTime - started;
            bad += result.Findings.Count;
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name, -10} | {result.Executions, 10} | {result.Refused, 10} | {result.Findings.Count, 8} | {result.Slowest.TotalMilliseconds, 4:F0} ms "
                        + $"| {result.Largest >> 10, 14} KiB | {took.TotalSeconds, 12:F0} s |"
                )
            );
            foreach (var finding in result.Findings)
                Console.WriteLine("  " + finding);
        }

        return bad == 0 ? 0 : 1;
    }
}
