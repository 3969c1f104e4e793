using System.Globalization;
using System.Text;

namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Writes nodes anew: what a patch adds, and the few places where an edit of the old text is not possible.</summary>
internal static class YamlWriter
{
    /// <summary>Writes a map or list by indentation; the caller stands in the column, no line end follows.</summary>
    public static void WriteBlock(StringBuilder text, YamlNode node, int column, YamlLayout layout)
    {
        bool first = true;
        foreach (YamlEntry entry in node.Entries!)
        {
            if (!first)
                text.Append(layout.NewLine).Append(' ', column);
            first = false;
            if (entry.Key is null)
            {
                text.Append('-');
                WriteItem(text, entry.Value, column, layout);
            }
            else
            {
                WriteEntry(text, entry, column, layout);
            }
        }
    }

    /// <summary>Writes "key: value".</summary>
    public static void WriteEntry(StringBuilder text, YamlEntry entry, int column, YamlLayout layout)
    {
        string key = Scalar(entry.Key!, flow: false);
        bool isLong = key.Length > 1000;
        text.Append(isLong ? "? " : string.Empty).Append(key);
        if (isLong)
            text.Append(layout.NewLine).Append(' ', column);
        text.Append(':');
        WriteValue(text, entry.Value, column, layout);
    }

    /// <summary>Writes what follows a colon, the blank before it included.</summary>
    public static void WriteValue(StringBuilder text, YamlNode value, int column, YamlLayout layout)
    {
        if (!value.IsCollection || value.Entries!.Count == 0)
        {
            WriteInline(text, value, column, layout);
            return;
        }

        WriteProperties(text, value);
        int inner = column + (value.Kind == YamlKind.Map ? layout.Step : layout.ListOffset);
        text.Append(layout.NewLine).Append(' ', inner);
        WriteBlock(text, value, inner, layout);
    }

    /// <summary>Writes what follows a dash, the blank before it included.</summary>
    public static void WriteItem(StringBuilder text, YamlNode value, int column, YamlLayout layout)
    {
        if (!value.IsCollection || value.Entries!.Count == 0)
        {
            WriteInline(text, value, column, layout);
            return;
        }

        WriteProperties(text, value);
        text.Append(' ');
        WriteBlock(text, value, column + 2, layout);
    }

    /// <summary>Writes a node in brackets, or a scalar that fits there.</summary>
    public static void WriteFlow(StringBuilder text, YamlNode node)
    {
        if (node.Anchor is not null && !node.IsNew)
            text.Append('&').Append(node.Anchor).Append(' ');
        if (node.Tag is not null)
            text.Append(node.Tag).Append(' ');
        if (!node.IsCollection)
        {
            text.Append(node.Kind == YamlKind.Alias ? "*" + node.Target!.Anchor : Scalar(node, flow: true));
            return;
        }

        text.Append(node.Kind == YamlKind.Map ? '{' : '[');
        bool first = true;
        foreach (YamlEntry entry in node.Entries!)
        {
            if (!first)
                text.Append(", ");
            first = false;
            if (entry.Key is not null)
                text.Append(Scalar(entry.Key, flow: true)).Append(": ");
            WriteFlow(text, entry.Value);
        }

        text.Append(node.Kind == YamlKind.Map ? '}' : ']');
    }

    /// <summary>A text as a value of block style: quoted unless every reader takes it for this text as it stands.</summary>
    public static string Text(string value) => IsPlain(value, flow: false) ? value : Quote(value);

    /// <summary>A scalar on one line.</summary>
    public static string Scalar(YamlNode node, bool flow)
    {
        string value = node.Value;
        if (node.Tag is null && YamlScalar.TypeOf(node) != ScalarType.Text)
            return value.Length == 0 ? "null" : value;
        bool plainAllowed = node.Style is YamlStyle.Plain or YamlStyle.Literal or YamlStyle.Folded;
        if (plainAllowed && IsPlain(value, flow))
            return value;
        bool single =
            node.Style == YamlStyle.SingleQuoted || (plainAllowed && value.Contains('"') && !value.Contains('\''));
        return single && IsPrintable(value)
            ? "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'"
            : Quote(value);
    }

    private static void WriteInline(StringBuilder text, YamlNode value, int column, YamlLayout layout)
    {
        WriteProperties(text, value);
        text.Append(' ');
        if (value.Kind == YamlKind.Alias)
            text.Append('*').Append(value.Target!.Anchor);
        else if (value.IsCollection)
            text.Append(value.Kind == YamlKind.Map ? "{}" : "[]");
        else if (IsLiteral(value))
            WriteLiteral(text, value.Value, column + layout.Step, layout);
        else
            text.Append(Scalar(value, flow: false));
    }

    private static void WriteProperties(StringBuilder text, YamlNode node)
    {
        if (node.Anchor is not null && !node.IsNew)
            text.Append(" &").Append(node.Anchor);
        if (node.Tag is not null)
            text.Append(' ').Append(node.Tag);
    }

    // Talos cannot read back what begins with a blank and needs an indentation indicator, so that is quoted instead.
    private static bool IsLiteral(YamlNode node)
    {
        if (node.Style is YamlStyle.DoubleQuoted or YamlStyle.SingleQuoted)
            return false;
        string value = node.Value;
        int at = value.IndexOf('\n', StringComparison.Ordinal);
        if (at < 0 || value[0] is ' ' or '\t' or '\n' || value.AsSpan().Trim('\n').IsEmpty)
            return false;
        return IsPrintable(value.Replace("\n", string.Empty, StringComparison.Ordinal));
    }

    private static void WriteLiteral(StringBuilder text, string value, int column, YamlLayout layout)
    {
        string body = value.TrimEnd('\n');
        int breaks = value.Length - body.Length;
        text.Append('|')
            .Append(
                breaks switch
                {
                    0 => "-",
                    1 => string.Empty,
                    _ => "+",
                }
            );
        string[] lines = body.Split('\n');
        foreach (string line in lines)
        {
            text.Append(layout.NewLine);
            if (line.Length > 0)
                text.Append(' ', column).Append(line);
        }

        for (int i = 1; i < breaks; i++)
            text.Append(layout.NewLine);
    }

    // Whether a text can stand without quotes and still is read as this text by YAML 1.1 and 1.2.
    private static bool IsPlain(string value, bool flow)
    {
        if (value.Length == 0 || value[0] is ' ' || value[^1] is ' ' or ':' || !IsPrintable(value))
            return false;
        if (YamlScalar.TypeOf(value) != ScalarType.Text || YamlScalar.TryBoolean(value) is not null)
            return false;
        if (
            value is "=" or "<<"
            || value.StartsWith("---", StringComparison.Ordinal)
            || value.StartsWith("...", StringComparison.Ordinal)
        )
            return false;
        char c = value[0];
        if (
            c
            is ','
                or '['
                or ']'
                or '{'
                or '}'
                or '#'
                or '&'
                or '*'
                or '!'
                or '|'
                or '>'
                or '\''
                or '"'
                or '%'
                or '@'
                or '`'
        )
            return false;
        if (c is '-' or '?' or ':' && (value.Length == 1 || value[1] == ' ' || flow))
            return false;
        if (value.Contains(": ", StringComparison.Ordinal) || value.Contains(" #", StringComparison.Ordinal))
            return false;
        if (LooksLikeNumber(value))
            return false;
        return !flow || value.AsSpan().IndexOfAny(",[]{}") < 0;
    }

    // Dates, sexagesimal and grouped numbers, which older readers take for something else than text.
    private static bool LooksLikeNumber(string value)
    {
        if (!char.IsAsciiDigit(value[0]) && value[0] is not ('-' or '+' or '.'))
            return false;
        foreach (char c in value)
        {
            if (!char.IsAsciiDigit(c) && c is not (':' or '_' or '.' or '-' or '+' or 'e' or 'E'))
                return false;
        }

        // An address has three dots and is text for everybody.
        return value.Contains(':') || value.Contains('_') || value.Count(c => c == '.') < 2;
    }

    private static bool IsPrintable(string value)
    {
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            if (c is < ' ' or '\u007F' or '\u0085' or '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF')
                return false;
            if (!char.IsSurrogate(c))
                continue;
            if (!char.IsHighSurrogate(c) || i + 1 >= value.Length || !char.IsLowSurrogate(value[++i]))
                return false;
        }

        return true;
    }

    private static string Quote(string value)
    {
        var text = new StringBuilder(value.Length + 2).Append('"');
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            switch (c)
            {
                case '"' or '\\':
                    text.Append('\\').Append(c);
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case < ' ' or '\u007F':
                    text.Append("\\x").Append(((int)c).ToString("X2", CultureInfo.InvariantCulture));
                    break;
                case '\u0085' or '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF':
                    AppendUnicode(text, c);
                    break;
                default:
                    bool pair = char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]);
                    if (pair)
                        text.Append(c).Append(value[++i]);
                    else if (char.IsSurrogate(c))
                        AppendUnicode(text, '\uFFFD');
                    else
                        text.Append(c);
                    break;
            }
        }

        return text.Append('"').ToString();
    }

    private static void AppendUnicode(StringBuilder text, char c) =>
        text.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
}
