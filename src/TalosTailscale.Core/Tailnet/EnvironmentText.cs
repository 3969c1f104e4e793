using System.Text;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.Tailnet;

/// <summary>Edits the <c>environment</c> list of a document as text, so that comments and layout stay.</summary>
internal static class EnvironmentText
{
    /// <summary>The list of a document.</summary>
    /// <exception cref="TsException">TemplateInvalid.</exception>
    public static (YamlSequence List, IReadOnlyList<YamlScalar> Items) Read(YamlMapping root, string name)
    {
        if (root["environment"] is not YamlSequence { Items.Count: > 0 } list)
            throw TailnetErrors.TemplateInvalid.New($"'{name}' has no entries under 'environment'.", name);
        var items = new List<YamlScalar>();
        foreach (var item in list.Items)
            items.Add(
                item as YamlScalar
                    ?? throw TailnetErrors.TemplateInvalid.New(
                        $"'{name}' line {item.Line}, column {item.Column}: an environment entry has to be text of the form NAME=value.",
                        name
                    )
            );
        return (list, items);
    }

    /// <summary>The value of a variable among entries <c>NAME=value</c>: the last one, which counts; null when not set.</summary>
    public static string? Value(IEnumerable<string> entries, string variable) =>
        entries
            .LastOrDefault(entry => entry.StartsWith(variable + "=", StringComparison.Ordinal))
            ?[(variable.Length + 1)..];

    /// <summary>The text with a variable set: its entry replaced in place, or a new entry after the last.</summary>
    public static string Set(string text, string documentName, string variable, string value)
    {
        var (list, items) = Read(StrictYaml.ParseMapping(text, documentName), documentName);
        var entry = Scalar($"{variable}={value}");
        var existing = items.LastOrDefault(item => item.Text.StartsWith(variable + "=", StringComparison.Ordinal));
        if (existing is not null)
            return Replace(text, existing.Span, entry);
        var last = items[^1].Span;
        if (list.Flow)
            return text.Insert(last.End, ", " + entry);
        var newline = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var lineStart = text.LastIndexOf('\n', Math.Max(0, last.Start - 1)) + 1;
        var dash = text.IndexOf('-', lineStart);
        var indent = text[lineStart..dash];
        var end = last.End > 0 && text[last.End - 1] == '\n' ? last.End : text.IndexOf('\n', last.End) + 1;
        return end == 0
            ? text + newline + indent + "- " + entry + newline
            : text.Insert(end, indent + "- " + entry + newline);
    }

    /// <summary>A scalar of one line: plain where that is safe everywhere, else in double quotes.</summary>
    public static string Scalar(string value)
    {
        var plain = value.Length > 0 && char.IsAsciiLetter(value[0]) && value[^1] is not (' ' or ':');
        foreach (var c in value)
            plain &=
                char.IsAsciiLetterOrDigit(c)
                || c is '_' or '=' or '.' or '/' or '-' or ':' or '$' or '@' or '?' or '&' or '%' or '+' or ' ' or ',';
        // "a: b" and "a #b" mean something else; a comma ends an item of a flow list.
        if (plain && !value.Contains(": ", StringComparison.Ordinal) && !value.Contains(',', StringComparison.Ordinal))
            return value;
        var quoted = new StringBuilder("\"");
        foreach (var c in value)
            quoted.Append(
                c switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    < ' ' or '\x7f' => $"\\x{(int)c:x2}",
                    _ => c.ToString(),
                }
            );
        return quoted.Append('"').ToString();
    }

    /// <summary>The text with a span replaced; blanks and line ends that belong to the span's tail are kept.</summary>
    public static string Replace(string text, YamlSpan span, string replacement)
    {
        var end = span.End;
        while (end > span.Start && text[end - 1] is ' ' or '\n' or '\r' or '\t')
            end--;
        return string.Concat(text.AsSpan(0, span.Start), replacement, text.AsSpan(end));
    }
}
