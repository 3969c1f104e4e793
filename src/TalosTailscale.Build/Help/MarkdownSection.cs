using System.Text;
using System.Text.RegularExpressions;

namespace TalosTailscale.Build.Help;

/// <summary>A heading and what stands below it: the little of Markdown that the pages use.</summary>
/// <param name="Level">The number of hashes; 0 for the text as a whole.</param>
/// <param name="Title">The heading.</param>
internal sealed partial record MarkdownSection(int Level, string Title)
{
    private readonly List<string> _paragraphs = [];
    private readonly List<MarkdownSection> _children = [];
    private readonly StringBuilder _code = new();
    private readonly StringBuilder _hidden = new();

    /// <summary>Paragraphs and list items as plain text, one line each.</summary>
    public IReadOnlyList<string> Paragraphs => _paragraphs;

    public IReadOnlyList<MarkdownSection> Children => _children;

    /// <summary>The fenced blocks.</summary>
    public string Code => _code.ToString().TrimEnd('\n');

    /// <summary>What a comment that starts with <c>before:</c> holds.</summary>
    public string Hidden => _hidden.ToString().Trim();

    public static MarkdownSection Parse(string text)
    {
        var open = new Stack<MarkdownSection>([new MarkdownSection(0, "")]);
        var paragraph = new StringBuilder();
        bool code = false,
            comment = false;
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            if (comment || (!code && line.StartsWith("<!--", StringComparison.Ordinal)))
            {
                Flush();
                comment = !line.Contains("-->", StringComparison.Ordinal);
                open.Peek()._hidden.AppendLine(CommentMark().Replace(line, ""));
            }
            else if (line.StartsWith("```", StringComparison.Ordinal))
            {
                Flush();
                code = !code;
            }
            else if (code)
            {
                open.Peek()._code.Append(line).Append('\n');
            }
            else if (Heading().Match(line) is { Success: true } heading)
            {
                Flush();
                var section = new MarkdownSection(heading.Groups[1].Length, heading.Groups[2].Value.Trim());
                while (open.Peek().Level >= section.Level)
                    open.Pop();
                open.Peek()._children.Add(section);
                open.Push(section);
            }
            else
            {
                if (line.Length == 0 || IsItem(line))
                    Flush();
                paragraph.Append(paragraph.Length > 0 && line.Length > 0 ? " " : "").Append(line.Trim());
            }
        }

        Flush();
        return open.Last();

        void Flush()
        {
            if (paragraph.Length > 0)
                open.Peek()._paragraphs.Add(Plain(paragraph.ToString()));
            paragraph.Clear();
        }
    }

    /// <summary>Text without the marks of code, emphasis and links.</summary>
    public static string Plain(string text) =>
        Link()
            .Replace(text, "$1")
            .Replace("`", "", StringComparison.Ordinal)
            .Replace("**", "", StringComparison.Ordinal);

    /// <summary>Whether a line begins an item of a list.</summary>
    public static bool IsItem(string line) => Item().IsMatch(line);

    [GeneratedRegex(@"^(-|\d+\.) ")]
    private static partial Regex Item();

    [GeneratedRegex("^(#{1,3}) (.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^<!--( before:| [a-z]+:.*| /[a-z]+)? ?|-->\s*$")]
    private static partial Regex CommentMark();
}
