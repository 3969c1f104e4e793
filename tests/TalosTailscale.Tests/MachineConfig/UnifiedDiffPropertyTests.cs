using System.Globalization;
using System.Text.RegularExpressions;
using CsCheck;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>A diff, applied to the text before, gives the text after.</summary>
public sealed partial class UnifiedDiffPropertyTests
{
    private static readonly Gen<string> s_text = Gen.Int[0, 60]
        .SelectMany(count => Gen.OneOf(Gen.Int[0, 8], Gen.Int[0, 500]).Array[count])
        .Select(Gen.Bool, (lines, ended) =>
            string.Join('\n', lines.Select(line => line.ToString(CultureInfo.InvariantCulture)))
            + (ended ? "\n" : string.Empty)
        );

    [Fact]
    public void Applied_to_the_text_before_it_gives_the_text_after() =>
        Gen.Select(s_text, s_text, Gen.Int[0, 3])
            .Sample(
                (first, second, kind) =>
                {
                    // Unrelated texts, and texts that share most of their lines.
                    string before = kind == 0 ? first : first + "x\n" + second + "y\n" + first;
                    string after = kind switch
                    {
                        0 => second,
                        1 => first + "x\n" + second + "z\n" + first,
                        2 => second + "y\n" + first,
                        _ => "a\n" + before + "b\n",
                    };

                    string diff = UnifiedDiff.Create(before, after);

                    Assert.Equal(after, Patch(before, diff));
                    if (before == after)
                        Assert.Empty(diff);
                },
                iter: PropertyRuns.Of(5_000)
            );

    [Fact]
    public void A_long_text_that_is_another_one_altogether_is_told_at_once()
    {
        string before = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"a{i % 7}\n"));
        string after = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"b{i % 11}\n"));

        Assert.Equal(after, Patch(before, UnifiedDiff.Create(before, after)));
    }

    [Fact]
    public void Far_apart_changes_are_hunks_of_their_own_and_near_ones_share_one()
    {
        string before = string.Concat(Enumerable.Range(0, 40).Select(i => $"l{i}\n"));
        string after = before
            .Replace("l5\n", "five\n", StringComparison.Ordinal)
            .Replace("l9\n", string.Empty, StringComparison.Ordinal)
            .Replace("l30\n", "l30\nnew\n", StringComparison.Ordinal);

        Assert.Equal(
            ["@@ -3,11 +3,10 @@", "@@ -29,6 +28,7 @@"],
            Head().Matches(UnifiedDiff.Create(before, after)).Select(match => match.Value)
        );
    }

    [Fact]
    public void A_missing_line_end_is_named() =>
        Assert.Equal("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n", UnifiedDiff.Create("a", "a\n"));

    private static string Patch(string before, string diff)
    {
        List<string> lines = [.. Split(before)];
        string[] rows = diff.Split('\n')[..^1];
        int shift = 0;
        for (int i = 0; i < rows.Length; )
        {
            Match head = Head().Match(rows[i]);
            Assert.True(head.Success, diff);
            int count = head.Groups[2].Success ? Number(head.Groups[2]) : 1;
            int at = Number(head.Groups[1]) - (count == 0 ? 0 : 1) + shift;
            for (i++; i < rows.Length && rows[i][0] != '@'; i++)
            {
                bool unended = i + 1 < rows.Length && rows[i + 1][0] == '\\';
                string line = rows[i][1..] + (unended ? string.Empty : "\n");
                switch (rows[i][0])
                {
                    case ' ':
                        Assert.Equal(line, lines[at++]);
                        break;
                    case '-':
                        Assert.Equal(line, lines[at]);
                        lines.RemoveAt(at);
                        shift--;
                        break;
                    case '+':
                        lines.Insert(at++, line);
                        shift++;
                        break;
                }
            }
        }

        return string.Concat(lines);
    }

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Split(string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (i < lines.Length - 1)
                yield return lines[i] + "\n";
            else if (lines[i].Length > 0)
                yield return lines[i];
        }
    }

    [GeneratedRegex(@"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")]
    private static partial Regex Head();
}
