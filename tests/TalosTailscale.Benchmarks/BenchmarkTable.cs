using System.Diagnostics;
using System.Text.Json;

namespace TalosTailscale.Benchmarks;

/// <summary>
/// The table of all benchmarks (<c>all</c>), each mode in a process of its own so that no mode warms or burdens the next;
/// the rows come back as a JSON file.
/// </summary>
internal static class BenchmarkTable
{
    private const string RowsFile = "BENCHMARK_ROWS";

    /// <summary>Runs one mode, prints its rows, and hands them to a parent that asked for them.</summary>
    public static async Task<int> RunAsync(string mode, string[] arguments)
    {
        var rows = await BenchmarkModes.ByName[mode](arguments);
        if (Environment.GetEnvironmentVariable(RowsFile) is { Length: > 0 } file)
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(rows));
        else
            Print(rows);
        return rows.Any(row => row.Met == false) ? 1 : 0;
    }

    /// <summary>Runs the modes named, or all, and prints one table; a row that missed its bar makes the exit code 1.</summary>
    public static async Task<int> RunAllAsync(string[] modes)
    {
        var rows = new List<BenchmarkRow>();
        foreach (var mode in modes.Length > 0 ? modes : [.. BenchmarkModes.ByName.Keys])
        {
            Console.Error.WriteLine($"-- {mode}");
            rows.AddRange(await RunInChildAsync(mode));
        }

        Print([.. rows.OrderBy(row => row.Issue)]);
        return rows.Any(row => row.Met == false) ? 1 : 0;
    }

    private static async Task<IReadOnlyList<BenchmarkRow>> RunInChildAsync(string mode)
    {
        var file = Path.GetTempFileName();
        try
        {
            // Started as "dotnet TalosTailscale.Benchmarks.dll" there is a host before us, which has to be told the assembly.
            var host = Environment.ProcessPath!;
            string[] assembly = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(BenchmarkTable).Assembly.Location] : [];
            var start = new ProcessStartInfo(host, [.. assembly, mode]);
            start.Environment[RowsFile] = file;
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync();
            var text = await File.ReadAllTextAsync(file);
            return text.Length > 0
                ? JsonSerializer.Deserialize<BenchmarkRow[]>(text)!
                : [new(0, mode, $"did not finish: exit code {process.ExitCode}", Met: false)];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Print(IReadOnlyList<BenchmarkRow> rows)
    {
        string[][] cells =
        [
            ["issue", "what", "ours", "peer, same run", "bar", "met"],
            .. rows.Select(row => new[]
            {
                $"{row.Issue}", row.What, row.Ours, row.Peer ?? "", row.Bar ?? "", row.Met switch { true => "yes", false => "NO", null => "" },
            }),
        ];
        var widths = Enumerable.Range(0, cells[0].Length).Select(column => cells.Max(row => row[column].Length)).ToArray();
        for (var i = 0; i < cells.Length; i++)
        {
            Console.WriteLine($"| {string.Join(" | ", cells[i].Select((cell, column) => cell.PadRight(widths[column])))} |");
            if (i == 0) Console.WriteLine($"|{string.Join('|', widths.Select(width => new string('-', width + 2)))}|");
        }
    }
}
