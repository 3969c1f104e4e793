using System.Runtime.InteropServices;

namespace TalosTailscale.Benchmarks;

/// <summary>The rows of benchmarks as a table that is Markdown too.</summary>
internal static class BenchmarkTable
{
    /// <summary>1 where a row missed its bar or its mode did not come to its end.</summary>
    public static int ExitCode(IEnumerable<BenchmarkRow> rows) => rows.Any(row => row.Met == false) ? 1 : 0;

    /// <summary>The table, how many bars were met, and what it was measured on.</summary>
    public static string Text(IReadOnlyList<BenchmarkRow> rows)
    {
        string[][] cells =
        [
            ["issue", "what", "ours", "peer, same run", "bar", "met"],
            .. rows.Select(row =>
                new[]
                {
                    $"{row.Issue}",
                    Cell(row.What),
                    Cell(row.Ours),
                    Cell(row.Peer ?? "–"),
                    Cell(row.Bar ?? ""),
                    row.Met switch
                    {
                        true => "yes",
                        false => "NO",
                        null => "",
                    },
                }
            ),
        ];
        var widths = Enumerable
            .Range(0, cells[0].Length)
            .Select(column => cells.Max(row => row[column].Length))
            .ToArray();
        var lines = cells
            .Select(row => $"| {string.Join(" | ", row.Select((cell, column) => cell.PadRight(widths[column])))} |")
            .ToList();
        lines.Insert(1, $"|{string.Join('|', widths.Select(width => new string('-', width + 2)))}|");
        var (met, missed) = (rows.Count(row => row.Met == true), rows.Count(row => row.Met == false));
        lines.AddRange([
            "",
            $"{met} met, {missed} missed. A dash: no peer does such a thing.",
            $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}.",
        ]);
        return string.Join(Environment.NewLine, lines) + Environment.NewLine;
    }

    private static string Cell(string text) =>
        text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
