using System.Text;
using System.Text.RegularExpressions;

namespace TalosTailscale.Build.Help;

/// <summary>Makes the text file of an about topic of its Markdown: headings in capitals, text indented and wrapped.</summary>
internal static partial class AboutTopic
{
    private const int Width = 80;

    public static string ToText(string name, string markdown)
    {
        var text = new StringBuilder($"TOPIC\n    {name}\n");
        var paragraph = new StringBuilder();
        bool code = false,
            title = true;
        foreach (var line in markdown.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                Flush();
                code = !code;
            }
            else if (code)
            {
                text.Append(line.Length > 0 ? "        " : "").Append(line).Append('\n');
            }
            else if (line.StartsWith("<!--", StringComparison.Ordinal))
            {
                Flush();
            }
            else if (line.StartsWith('#'))
            {
                Flush();
                // The first heading is the title of the page; here the name stands for it.
                text.Append('\n').Append(title ? "SHORT DESCRIPTION" : Heading(line)).Append('\n');
                title = false;
            }
            else if (line.StartsWith('|'))
            {
                Flush();
                Row(line);
            }
            else
            {
                if (line.Length == 0 && paragraph.Length > 0 && MarkdownSection.IsItem(paragraph.ToString()))
                {
                    Flush();
                    text.Append('\n');
                }

                if (line.Length == 0 || MarkdownSection.IsItem(line))
                    Flush();
                paragraph.Append(paragraph.Length > 0 && line.Length > 0 ? " " : "").Append(line.Trim());
            }
        }

        Flush();
        return BlankLines().Replace(text.ToString(), "\n\n");

        void Flush()
        {
            if (paragraph.Length > 0)
                Wrap(MarkdownSection.Plain(paragraph.ToString()), "    ");
            paragraph.Clear();
        }

        // A table becomes entries: its first cell, and the others below it.
        void Row(string line)
        {
            string[] cells = [.. line.Trim('|', ' ').Split(" | ").Select(cell => MarkdownSection.Plain(cell.Trim()))];
            if (cells.All(cell => cell.All(c => c is '-' or ':' or '|' or ' ')))
                return;
            Wrap(cells[0], "    ", gap: false);
            foreach (var cell in cells.Skip(1).Where(cell => cell.Length > 0))
                Wrap(cell, "        ", gap: false);
            text.Append('\n');
        }

        void Wrap(string words, string indent, bool gap = true)
        {
            var item = MarkdownSection.IsItem(words);
            var first = true;
            var column = 0;
            foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (column > 0 && column + 1 + word.Length > Width)
                {
                    text.Append('\n');
                    column = 0;
                }

                var lead =
                    column > 0 ? " "
                    : column == 0 && item && !first ? indent + "  "
                    : indent;
                text.Append(lead).Append(word);
                column += lead.Length + word.Length;
                first = false;
            }

            text.Append(gap && !item ? "\n\n" : "\n");
        }
    }

    private static string Heading(string line) => line.TrimStart('#').Trim().ToUpperInvariant();

    [GeneratedRegex("\n{3,}")]
    private static partial Regex BlankLines();
}
