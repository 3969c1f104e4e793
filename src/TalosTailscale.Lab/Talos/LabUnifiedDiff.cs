using System.Globalization;
using System.Text;
using DiffPlex;

namespace TalosTailscale.Lab.Talos;

/// <summary>The unified diff that a dry run answers with: three lines of context, headers <c>a</c> and <c>b</c>.</summary>
internal static class LabUnifiedDiff
{
    private const int Context = 3;

    internal static string Create(string before, string after)
    {
        if (before == after)
            return "";
        var diff = Differ.Instance.CreateLineDiffs(before, after, ignoreWhitespace: false);
        var text = new StringBuilder("--- a\n+++ b\n");
        var blocks = diff.DiffBlocks;
        for (var first = 0; first < blocks.Count; )
        {
            // Changes whose context touches share one hunk.
            var last = first;
            while (last + 1 < blocks.Count && blocks[last + 1].DeleteStartA - EndA(blocks[last]) <= 2 * Context)
                last++;
            AppendHunk(text, diff, first, last);
            first = last + 1;
        }

        return text.ToString();
    }

    private static void AppendHunk(StringBuilder text, DiffPlex.Model.DiffResult diff, int first, int last)
    {
        var (head, tail) = (diff.DiffBlocks[first], diff.DiffBlocks[last]);
        var from = Math.Max(0, head.DeleteStartA - Context);
        var to = Math.Min(diff.PiecesOld.Count, EndA(tail) + Context);
        var fromB = from + head.InsertStartB - head.DeleteStartA;
        var toB = to + tail.InsertStartB + tail.InsertCountB - EndA(tail);
        text.Append(CultureInfo.InvariantCulture, $"@@ -{from + 1},{to - from} +{fromB + 1},{toB - fromB} @@\n");
        var line = from;
        for (var i = first; i <= last; i++)
        {
            var block = diff.DiffBlocks[i];
            for (; line < block.DeleteStartA; line++)
                text.Append(' ').Append(diff.PiecesOld[line]).Append('\n');
            for (; line < EndA(block); line++)
                text.Append('-').Append(diff.PiecesOld[line]).Append('\n');
            for (var b = block.InsertStartB; b < block.InsertStartB + block.InsertCountB; b++)
                text.Append('+').Append(diff.PiecesNew[b]).Append('\n');
        }

        for (; line < to; line++)
            text.Append(' ').Append(diff.PiecesOld[line]).Append('\n');
    }

    private static int EndA(DiffPlex.Model.DiffBlock block) => block.DeleteStartA + block.DeleteCountA;
}
