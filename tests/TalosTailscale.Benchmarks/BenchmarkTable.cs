namespace TalosTailscale.Benchmarks;

/// <summary>The table of benchmarks, of one mode or of all; a row that missed its bar makes the exit code 1.</summary>
internal static class BenchmarkTable
{
    private const string MarkdownOption = "--markdown";

    /// <summary>Runs one mode, and prints its rows or hands them to the parent that asked for them.</summary>
    public static async Task<int> RunAsync(string mode, string[] arguments)
    {
        var rows = await BenchmarkModes.ByName[mode].MeasureAsync(arguments);
        if (!await BenchmarkChild.HandOverAsync(rows)) Console.Write(Text(rows));
        return ExitCode(rows);
    }

    /// <summary>Runs the modes named, or all, and prints one table: <c>all [MODE …] [--markdown FILE]</c>.</summary>
    public static async Task<int> RunAllAsync(string[] arguments)
    {
        var option = Array.IndexOf(arguments, MarkdownOption);
        var file = option >= 0 && option + 1 < arguments.Length ? arguments[option + 1] : null;
        string[] names = [.. option < 0 ? arguments : arguments[..option]];
        if (option >= 0 && file is null || names.Any(name => !BenchmarkModes.ByName.ContainsKey(name)))
        {
            Console.Error.WriteLine($"all [{string.Join(" | ", BenchmarkModes.ByName.Keys)}] [{MarkdownOption} FILE]");
            return 2;
        }

        var rows = new List<BenchmarkRow>();
        foreach (var (name, mode) in BenchmarkModes.ByName)
            if (names.Length == 0 || names.Contains(name)) rows.AddRange(await BenchmarkChild.RunAsync(name, mode));
        var text = Text([.. rows.OrderBy(row => row.Issue)]);
        Console.Write(text);
        if (file is not null) await File.WriteAllTextAsync(file, text);
        return ExitCode(rows);
    }

    private static int ExitCode(IReadOnlyList<BenchmarkRow> rows) => rows.Any(row => row.Met == false) ? 1 : 0;

    private static string Text(IReadOnlyList<BenchmarkRow> rows)
    {
        string[][] cells =
        [
            ["issue", "what", "ours", "peer, same run", "bar", "met"],
            .. rows.Select(row => new[]
            {
                $"{row.Issue}", row.What, row.Ours, row.Peer ?? "–", row.Bar ?? "", row.Met switch { true => "yes", false => "NO", null => "" },
            }),
        ];
        var widths = Enumerable.Range(0, cells[0].Length).Select(column => cells.Max(row => row[column].Length)).ToArray();
        var lines = cells.Select(row => $"| {string.Join(" | ", row.Select((cell, column) => cell.PadRight(widths[column])))} |").ToList();
        lines.Insert(1, $"|{string.Join('|', widths.Select(width => new string('-', width + 2)))}|");
        var missed = rows.Count(row => row.Met == false);
        return string.Join(Environment.NewLine, lines) + Environment.NewLine + Environment.NewLine
            + $"{rows.Count(row => row.Met == true)} bars met, {missed} missed. A dash: no peer does such a thing." + Environment.NewLine;
    }
}
