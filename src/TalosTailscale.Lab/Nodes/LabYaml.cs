namespace TalosTailscale.Lab.Nodes;

/// <summary>Scalars as go-yaml writes them, so far as the lab needs it.</summary>
internal static class LabYaml
{
    /// <summary>A scalar on one line, quoted where a plain one would be read as something else.</summary>
    internal static string Quote(string value)
    {
        var plain =
            value.Length > 0
            && (char.IsAsciiLetter(value[0]) || value[0] is '/' or '_')
            && value.All(c =>
                char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or '=' or ',' or '+' or '@' or ' ' or '~'
            )
            && !value.EndsWith(' ')
            && value.ToLowerInvariant()
                is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n");
        return plain ? value : "\"" + string.Concat(value.Select(Escape)) + "\"";
    }

    /// <summary>A text of several lines as a literal block, with its line end and the next line's indentation.</summary>
    internal static string Block(string text, string indent = "    ")
    {
        if (text.Length == 0 || text.Any(c => char.IsControl(c) && c != '\n'))
            return Quote(text) + "\n";
        var chomp =
            text.EndsWith("\n\n", StringComparison.Ordinal) ? "+"
            : text.EndsWith('\n') ? ""
            : "-";

        // A first line that begins with a blank needs the indentation said.
        var said = text[0] is ' ' or '\n' ? $"{indent.Length}" : "";
        var lines = text.TrimEnd('\n').Split('\n').Select(l => l.Length == 0 ? "" : indent + l);
        var end = chomp == "+" ? new string('\n', text.Length - text.TrimEnd('\n').Length) : "\n";
        return $"|{said}{chomp}\n{string.Join('\n', lines)}{end}";
    }

    private static string Escape(char c) =>
        c switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\t' => "\\t",
            '\r' => "\\r",
            _ when char.IsControl(c) => $"\\x{(int)c:x2}",
            _ => c.ToString(),
        };
}
