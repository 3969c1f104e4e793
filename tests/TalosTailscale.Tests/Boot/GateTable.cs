using System.Collections.Concurrent;

namespace TalosTailscale.Tests.Boot;

/// <summary>
/// What came of each lost fact, row by row. Where the environment variable <c>TS_GATE_TABLE</c> names a file, the table is
/// added to it as markdown.
/// </summary>
public sealed class GateTable : IDisposable
{
    private static readonly Lock s_file = new();
    private readonly ConcurrentDictionary<(string Question, string Fact), ConcurrentDictionary<string, string>> _rows =
        new();

    /// <summary>Keeps one outcome.</summary>
    public void Add(string question, string fact, string way, string outcome) =>
        _rows.GetOrAdd((question, fact), _ => new(StringComparer.Ordinal))[way] = outcome;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("TS_GATE_TABLE") is not { Length: > 0 } path)
            return;
        string[] ways = [.. LostFacts.Ways.Select(way => way.Name)];
        IEnumerable<string> lines =
        [
            $"| asked | lost fact | {string.Join(" | ", ways)} |",
            $"|---|---|{string.Concat(ways.Select(_ => "---|"))}",
            .. _rows
                .OrderBy(row => row.Key.Question, StringComparer.Ordinal)
                .ThenBy(row => row.Key.Fact, StringComparer.Ordinal)
                .Select(row =>
                    $"| {row.Key.Question} | {row.Key.Fact} | "
                    + $"{string.Join(" | ", ways.Select(way => row.Value.GetValueOrDefault(way, "")))} |"
                ),
            "",
        ];
        lock (s_file)
            File.AppendAllLines(path, lines);
    }
}
