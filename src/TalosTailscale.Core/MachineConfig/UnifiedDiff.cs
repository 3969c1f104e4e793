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

    // What has no line to hold on to and is longer counts as replaced: comparing line by line takes time by the square.
    private const int LongestCompared = 2_000;

    /// <summary>Compares two texts line by line; time and memory are linear in their length.</summary>
    /// <param name="before">The text before. Its secrets do not appear in the result.</param>
    /// <param name="after">The text after. Its secrets do not appear in the result.</param>
    /// <param name="name">What to call the two in the head of the diff; none without a name.</param>
    /// <returns>The diff, masked; empty when the texts are equal.</returns>
    public static string Create(string before, string after, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        if (string.Equals(before, after, StringComparison.Ordinal))
            return string.Empty;
        LineMatches lines = LineMatches.Find(before, after, MatchSmall);
        // Lines are compared as they are and shown without their secrets, so that a changed one is seen to have changed.
        var shown = new Shown(ConfigSecrets.Hide(before).Split('\n'), ConfigSecrets.Hide(after).Split('\n'));
        var text = new StringBuilder();
        if (name is not null)
            text.Append("--- ").Append(name).Append(" (before)\n+++ ").Append(name).Append(" (after)\n");
        foreach (List<Change> hunk in Hunks(lines))
            Append(text, lines, shown, hunk);
        return ConfigSecrets.Mask(text.ToString(), before, after);
    }

    private static void MatchSmall(LineMatches lines, int old, int oldEnd, int now, int nowEnd)
    {
        if (oldEnd - old > LongestCompared || nowEnd - now > LongestCompared)
            return;
        DiffResult diff = new Differ().CreateDiffs(
            Join(lines.OldIds(old, oldEnd)),
            Join(lines.NowIds(now, nowEnd)),
            ignoreWhiteSpace: false,
            ignoreCase: false,
            new LineChunker()
        );
        int at = 0;
        int shift = 0;
        foreach (DiffBlock block in diff.DiffBlocks)
        {
            lines.Match(old + at, now + at + shift, block.DeleteStartA - at);
            at = block.DeleteStartA + block.DeleteCountA;
            shift += block.InsertCountB - block.DeleteCountA;
        }

        lines.Match(old + at, now + at + shift, oldEnd - old - at);
    }

    // One line a number: what the texts hold does not matter here.
    private static string Join(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder(ids.Length * 7);
        foreach (int id in ids)
            text.Append(text.Length == 0 ? string.Empty : "\n").Append(id);
        return text.ToString();
    }

    // What lies between two runs of equal lines; changes with at most twice the context between them share a hunk.
    private static IEnumerable<List<Change>> Hunks(LineMatches lines)
    {
        var hunk = new List<Change>();
        int old = 0;
        int now = 0;
        foreach ((int nextOld, int nextNow, int count) in lines.Runs.Append((lines.OldCount, lines.NowCount, 0)))
        {
            if (nextOld > old || nextNow > now)
            {
                if (hunk.Count > 0 && old - hunk[^1].OldEnd > 2 * Context)
                {
                    yield return hunk;
                    hunk = [];
                }

                hunk.Add(new Change(old, nextOld, now, nextNow));
            }

            (old, now) = (nextOld + count, nextNow + count);
        }

        if (hunk.Count > 0)
            yield return hunk;
    }

    private static void Append(StringBuilder text, LineMatches lines, Shown shown, List<Change> hunk)
    {
        int lead = Math.Min(Context, hunk[0].Old);
        int tail = Math.Min(Context, lines.OldCount - hunk[^1].OldEnd);
        int old = hunk[0].Old - lead;
        int now = hunk[0].Now - lead;
        text.Append(
            CultureInfo.InvariantCulture,
            $"@@ -{Range(old + 1, hunk[^1].OldEnd + tail - old)} +{Range(now + 1, hunk[^1].NowEnd + tail - now)} @@\n"
        );
        foreach (Change change in hunk)
        {
            for (; old < change.Old; old++)
                Append(text, ' ', shown.Old[old], lines.IsOldUnended(old));
            for (; old < change.OldEnd; old++)
                Append(text, '-', shown.Old[old], lines.IsOldUnended(old));
            for (now = change.Now; now < change.NowEnd; now++)
                Append(text, '+', shown.Now[now], lines.IsNowUnended(now));
        }

        for (int end = old + tail; old < end; old++)
            Append(text, ' ', shown.Old[old], lines.IsOldUnended(old));
    }

    private static void Append(StringBuilder text, char mark, ReadOnlySpan<char> line, bool unended)
    {
        text.Append(mark).Append(line.TrimEnd('\r')).Append('\n');
        if (unended)
            text.Append("\\ No newline at end of file\n");
    }

    private static string Range(int start, int count) =>
        count == 1
            ? start.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{(count == 0 ? start - 1 : start)},{count}");

    private sealed record Shown(string[] Old, string[] Now);

    private readonly record struct Change(int Old, int OldEnd, int Now, int NowEnd);
}
