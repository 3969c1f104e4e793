using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TalosTailscale.Benchmarks;

/// <summary>
/// A mode in a process of its own, so that none warms or burdens the next, and one that fails or hangs costs the table its
/// own rows only. The rows come back as a JSON file.
/// </summary>
internal static class BenchmarkChild
{
    private const string RowsFile = "BENCHMARK_ROWS";
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);

    /// <summary>In the child: hands the rows to a parent that asked for them; false when there is none.</summary>
    public static async Task<bool> HandOverAsync(IReadOnlyList<BenchmarkRow> rows)
    {
        if (Environment.GetEnvironmentVariable(RowsFile) is not { Length: > 0 } file) return false;
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(rows));
        return true;
    }

    /// <summary>In the parent: runs a mode to its end or its limit. What it prints goes to the error stream.</summary>
    public static async Task<IReadOnlyList<BenchmarkRow>> RunAsync(string name, BenchmarkMode mode)
    {
        var file = Path.GetTempFileName();
        var clock = Stopwatch.StartNew();
        try
        {
            Console.Error.WriteLine($"-- {name}");
            using var process = Start(name, file);
            var outcome = await EndAsync(process);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"-- {name}: {clock.Elapsed.TotalSeconds:0} s, {outcome ?? "done"}"));
            var text = await File.ReadAllTextAsync(file);
            return text.Length > 0
                ? JsonSerializer.Deserialize<BenchmarkRow[]>(text)!
                : [new(mode.Issue, name, outcome ?? "gave no rows", Met: false)];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Process Start(string mode, string file)
    {
        // Started as "dotnet TalosTailscale.Benchmarks.dll" there is a host before us, which has to be told the assembly.
        var host = Environment.ProcessPath!;
        string[] assembly = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(BenchmarkChild).Assembly.Location] : [];
        var start = new ProcessStartInfo(host, [.. assembly, mode]) { RedirectStandardOutput = true };
        start.Environment[RowsFile] = file;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text) Console.Error.WriteLine("   " + text);
        };
        process.BeginOutputReadLine();
        return process;
    }

    private static async Task<string?> EndAsync(Process process)
    {
        using var limit = new CancellationTokenSource(s_limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode is 0 or 1 ? null : $"did not finish: exit code {process.ExitCode}";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return $"was ended after {s_limit.TotalMinutes:0} minutes";
        }
    }
}
