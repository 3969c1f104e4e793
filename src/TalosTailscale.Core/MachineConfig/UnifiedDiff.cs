using System.Globalization;
using System.Text;
using DiffPlex;
using DiffPlex.Chunkers;
using DiffPlex.Model;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>Unified diffs, as <c>diff -u</c> writes them, without secrets.</summary>
public static class UnifiedDiff
{
    private const int Context = 3;

    /// <summary>Compares two texts line by line.</summary>
    /// <param name="before">The text before. Its secrets do not appear in the result.</param>
    /// <param name="after">The text after. Its secrets do not appear in the result.</param>
    /// <param name="name">What to call the two in the head of the diff; none without a name.</param>
    /// <returns>The diff, masked; empty when the texts are equal.</returns>
    public static string Create(string before, string after, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        if (string.Equals(before, after, StringComparison.Ordinal)) return string.Empty;
        (string[] old, string[] now, int skipped) = Trim(Lines(before), Lines(after), out string[] head, out string[] tail);
        DiffResult diff = new Differ().CreateDiffs(
            string.Join('\n', old), string.Join('\n', now), ignoreWhiteSpace: false, ignoreCase: false, new LineChunker());
        List<Line> lines = [.. head.Select(line => new Line(' ', line))];
        AppendBlocks(lines, diff, old.Length == 0 ? [] : old, now.Length == 0 ? [] : now);
        lines.AddRange(tail.Select(line => new Line(' ', line)));

        var text = new StringBuilder();
        if (name is not null) text.Append("--- ").Append(name).Append(" (before)\n+++ ").Append(name).Append(" (after)\n");
        AppendHunks(text, lines, skipped);
        return ConfigSecrets.Mask(text.ToString(), before, after);
    }

    private static string[] Lines(string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++) lines[i] = lines[i].TrimEnd('\r');
        return lines.Length > 0 && lines[^1].Length == 0 ? lines[..^1] : [.. lines[..^1], lines[^1], "\\ No newline at end of file"];
    }

    // Equal lines at both ends cost nothing to compare: what differs is small as a rule.
    private static (string[] Old, string[] Now, int Skipped) Trim(string[] old, string[] now, out string[] head, out string[] tail)
    {
        int start = 0;
        int limit = Math.Min(old.Length, now.Length);
        while (start < limit && old[start] == now[start]) start++;
        int end = 0;
        while (end < limit - start && old[^(end + 1)] == now[^(end + 1)]) end++;
        int from = Math.Max(0, start - Context);
        head = old[from..start];
        tail = old[(old.Length - end)..Math.Min(old.Length, old.Length - end + Context)];
        return (old[start..(old.Length - end)], now[start..(now.Length - end)], from);
    }

    private static void AppendBlocks(List<Line> lines, DiffResult diff, string[] old, string[] now)
    {
        int at = 0;
        foreach (DiffBlock block in diff.DiffBlocks)
        {
            for (; at < block.DeleteStartA && at < old.Length; at++) lines.Add(new Line(' ', old[at]));
            for (int i = 0; i < block.DeleteCountA && at < old.Length; i++) lines.Add(new Line('-', old[at++]));
            for (int i = 0; i < block.InsertCountB && block.InsertStartB + i < now.Length; i++) lines.Add(new Line('+', now[block.InsertStartB + i]));
        }

        for (; at < old.Length; at++) lines.Add(new Line(' ', old[at]));
    }

    private static void AppendHunks(StringBuilder text, List<Line> lines, int skipped)
    {
        int oldLine = skipped + 1;
        int newLine = skipped + 1;
        int at = 0;
        while (at < lines.Count)
        {
            int first = lines.FindIndex(at, line => line.Mark != ' ');
            if (first < 0) return;
            int start = Math.Max(at, first - Context);
            oldLine += start - at;
            newLine += start - at;
            int end = HunkEnd(lines, first);
            int olds = lines.Skip(start).Take(end - start).Count(line => line.Mark != '+');
            int news = lines.Skip(start).Take(end - start).Count(line => line.Mark != '-');
            text.Append(CultureInfo.InvariantCulture, $"@@ -{Range(oldLine, olds)} +{Range(newLine, news)} @@\n");
            foreach (Line line in lines.Skip(start).Take(end - start)) text.Append(line.Mark).Append(line.Text).Append('\n');
            oldLine += olds;
            newLine += news;
            at = end;
        }
    }

    private static string Range(int start, int count) => count == 1
        ? start.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{(count == 0 ? start - 1 : start)},{count}");

    // Changes with at most twice the context between them share a hunk.
    private static int HunkEnd(List<Line> lines, int first)
    {
        int last = first;
        for (int i = first; i < lines.Count && i - last <= 2 * Context; i++)
        {
            if (lines[i].Mark != ' ') last = i;
        }

        return Math.Min(lines.Count, last + 1 + Context);
    }

    private readonly record struct Line(char Mark, string Text);
}
