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
    /// <summary>The environment variable that names the file for the rows.</summary>
    public const string RowsFile = "BENCHMARK_ROWS";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    /// <summary>In the child: hands the rows to a parent that asked for them; false when there is none.</summary>
    public static async Task<bool> HandOverAsync(IReadOnlyList<BenchmarkRow> rows)
    {
        if (Environment.GetEnvironmentVariable(RowsFile) is not { Length: > 0 } file)
            return false;
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(rows));
        return true;
    }

    /// <summary>In the parent: runs a mode to its end or its limit.</summary>
    public static Task<IReadOnlyList<BenchmarkRow>> RunAsync(string name, int issue)
    {
        // Started as "dotnet TalosTailscale.Benchmarks.dll" there is a host before us, which has to be told the assembly.
        var host = Environment.ProcessPath!;
        string[] assembly =
            Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(BenchmarkChild).Assembly.Location] : [];
        return RunAsync(name, issue, new ProcessStartInfo(host, [.. assembly, name]), s_limit);
    }

    /// <summary>Runs a program that leaves rows. What it prints goes to the error stream; how it failed is a row.</summary>
    public static async Task<IReadOnlyList<BenchmarkRow>> RunAsync(
        string name,
        int issue,
        ProcessStartInfo start,
        TimeSpan limit
    )
    {
        var file = Path.GetTempFileName();
        var clock = Stopwatch.StartNew();
        try
        {
            start.RedirectStandardOutput = true;
            start.Environment[RowsFile] = file;
            Console.Error.WriteLine($"-- {name}");
            using var process = Process.Start(start)!;
            process.OutputDataReceived += (_, line) =>
            {
                if (line.Data is { Length: > 0 } text)
                    Console.Error.WriteLine("   " + text);
            };
            process.BeginOutputReadLine();
            var failure = await EndAsync(process, limit);
            Console.Error.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"-- {name}: {clock.Elapsed.TotalSeconds:0} s, {failure ?? "done"}"
                )
            );
            return Rows(name, issue, await File.ReadAllTextAsync(file), failure);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The rows that were left, and one more where the process failed or left none.</summary>
    public static IReadOnlyList<BenchmarkRow> Rows(string name, int issue, string json, string? failure)
    {
        var rows = Read(json);
        failure ??= rows.Length == 0 ? "left no rows" : null;
        return failure is null ? rows : [.. rows, BenchmarkRow.Failed(issue, name, failure)];
    }

    private static BenchmarkRow[] Read(string json)
    {
        try
        {
            return json.Length == 0 ? [] : JsonSerializer.Deserialize<BenchmarkRow[]>(json) ?? [];
        }
        catch (JsonException)
        {
            return []; // Ended while it wrote: as good as none, and the caller says so.
        }
    }

    private static async Task<string?> EndAsync(Process process, TimeSpan limit)
    {
        using var expiry = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(expiry.Token);
            return process.ExitCode is 0 or 1 ? null : $"did not finish: exit code {process.ExitCode}";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return string.Create(CultureInfo.InvariantCulture, $"was ended after {limit.TotalMinutes:0.##} minutes");
        }
    }
}
