namespace TalosTailscale.Benchmarks;

/// <summary>The command line: one mode in this process, or many, each in one of its own, into one table.</summary>
internal static class BenchmarkCommand
{
    private const string MarkdownOption = "--markdown";

    /// <summary>Runs one mode, and prints its rows or hands them to the parent that asked for them.</summary>
    public static async Task<int> RunAsync(string name, string[] arguments)
    {
        var rows = await MeasureAsync(name, BenchmarkModes.ByName[name], arguments);
        if (!await BenchmarkChild.HandOverAsync(rows))
            Console.Write(BenchmarkTable.Text(rows));
        return BenchmarkTable.ExitCode(rows);
    }

    /// <summary>Runs the modes named, or all, and prints one table: <c>all [MODE …] [--markdown FILE]</c>.</summary>
    public static async Task<int> RunAllAsync(string[] arguments)
    {
        var option = Array.IndexOf(arguments, MarkdownOption);
        var file = option >= 0 ? arguments.ElementAtOrDefault(option + 1) : null;
        string[] names = [.. arguments.Where((_, i) => option < 0 || i < option || i > option + 1)];
        if ((option >= 0 && file is null) || names.Any(name => !BenchmarkModes.ByName.ContainsKey(name)))
        {
            Console.Error.WriteLine($"all [{string.Join(" | ", BenchmarkModes.ByName.Keys)}] [{MarkdownOption} FILE]");
            return 2;
        }

        var rows = new List<BenchmarkRow>();
        foreach (var (name, mode) in BenchmarkModes.ByName)
            if (names.Length == 0 || names.Contains(name))
                rows.AddRange(await BenchmarkChild.RunAsync(name, mode.Issue));
        var text = BenchmarkTable.Text([.. rows.OrderBy(row => row.Issue)]);
        Console.Write(text);
        if (file is not null)
            await File.WriteAllTextAsync(file, text);
        return BenchmarkTable.ExitCode(rows);
    }

    // What a mode could not do is a row as well: the table leaves nothing out.
    private static async Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(
        string name,
        BenchmarkMode mode,
        string[] arguments
    )
    {
        try
        {
            return await mode.MeasureAsync(arguments);
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            return [BenchmarkRow.Failed(mode.Issue, name, $"failed: {e.Message}")];
        }
    }
}
