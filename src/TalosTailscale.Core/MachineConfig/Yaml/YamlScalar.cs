using System.Buffers;
using System.Globalization;
using System.Text;

namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>What a scalar is once it is read (YAML 1.2 core schema, and <c>017</c> as Talos reads it).</summary>
internal enum ScalarType : byte
{
    Text,
    Null,
    Boolean,
    Integer,
    Fraction,
}

/// <summary>Decodes scalars and says what they are.</summary>
internal static partial class YamlScalar
{
    /// <summary>The text that a scalar of any style stands for.</summary>
    public static string Decode(YamlNode node)
    {
        ReadOnlySpan<char> raw = node.Source.AsSpan(node.Start, node.End - node.Start);
        return node.Style switch
        {
            YamlStyle.Plain => raw.IndexOfAny('\n', '\r') < 0 ? raw.ToString() : Fold(raw),
            YamlStyle.SingleQuoted => DecodeSingle(raw[1..^1]),
            YamlStyle.DoubleQuoted => TryDecodeDouble(raw[1..^1], out string? value, out _) ? value! : string.Empty,
            _ => DecodeBlock(node),
        };
    }

    /// <summary>The type of a scalar by its tag, its style and its look.</summary>
    public static ScalarType TypeOf(YamlNode node)
    {
        if (node.Tag is not null)
            return TypeOfTag(node);
        if (node.IsText || node.Style != YamlStyle.Plain)
            return ScalarType.Text;
        return TypeOf(node.Value);
    }

    /// <summary>The type of a plain scalar.</summary>
    public static ScalarType TypeOf(string plain)
    {
        if (plain is "" or "~" or "null" or "Null" or "NULL")
            return ScalarType.Null;
        if (plain is "true" or "True" or "TRUE" or "false" or "False" or "FALSE")
            return ScalarType.Boolean;
        char c = plain[0];
        if (!char.IsAsciiDigit(c) && c is not ('-' or '+' or '.'))
            return ScalarType.Text;
        if (TryInteger(plain, out _))
            return ScalarType.Integer;
        return TryFraction(plain, out _) ? ScalarType.Fraction : ScalarType.Text;
    }

    /// <summary>Reads an integer: decimal, 0x, 0o, 0b, and a leading zero as octal; underscores are allowed.</summary>
    public static bool TryInteger(string text, out Int128 value)
    {
        value = 0;
        ReadOnlySpan<char> digits = text;
        bool negative = digits.Length > 0 && digits[0] == '-';
        if (digits.Length > 0 && digits[0] is '-' or '+')
            digits = digits[1..];
        if (digits.Length == 0 || !char.IsAsciiDigit(digits[0]) || digits.Length > 80)
            return false;
        int radix = 10;
        if (digits.Length > 2 && digits[0] == '0' && digits[1] is 'x' or 'o' or 'b')
        {
            radix = digits[1] switch
            {
                'x' => 16,
                'o' => 8,
                _ => 2,
            };
            digits = digits[2..];
        }
        else if (digits.Length > 1 && digits[0] == '0')
        {
            radix = 8;
        }

        foreach (char c in digits)
        {
            if (c == '_')
                continue;
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 99;
            if (digit >= radix || value > ulong.MaxValue)
                return false;
            value = (value * radix) + digit;
        }

        if (value > ulong.MaxValue)
            return false;
        if (negative)
            value = -value;
        return true;
    }

    /// <summary>Reads a number with fraction or exponent.</summary>
    public static bool TryFraction(string text, out double value)
    {
        value = 0;
        string bare = text.TrimStart('+', '-');
        if (bare is ".inf" or ".Inf" or ".INF" or ".nan" or ".NaN" or ".NAN")
        {
            value = bare[1] is 'i' or 'I' ? double.PositiveInfinity : double.NaN;
            return true;
        }

        bool digit = false;
        foreach (char c in bare)
        {
            digit |= char.IsAsciiDigit(c);
            if (!char.IsAsciiDigit(c) && c is not ('.' or 'e' or 'E' or '+' or '-'))
                return false;
        }

        return digit
            && text.Length - bare.Length <= 1
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Reads a boolean as Talos does where it expects one: <c>yes</c>, <c>no</c>, <c>on</c>, <c>off</c> too.</summary>
    public static bool? TryBoolean(string text) =>
        text switch
        {
            "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" => true,
            "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF" => false,
            _ => null,
        };

    private static ScalarType TypeOfTag(YamlNode node) =>
        node.Tag switch
        {
            "!!null" => ScalarType.Null,
            "!!bool" => ScalarType.Boolean,
            "!!int" => ScalarType.Integer,
            "!!float" => ScalarType.Fraction,
            _ => ScalarType.Text,
        };

    private static string DecodeSingle(ReadOnlySpan<char> raw)
    {
        string text = raw.IndexOfAny('\n', '\r') < 0 ? raw.ToString() : Fold(raw, trimEnds: false);
        return text.Replace("''", "'", StringComparison.Ordinal);
    }

    // Line folding of plain and single-quoted scalars: one line end is a blank, more are one less.
    private static string Fold(ReadOnlySpan<char> raw, bool trimEnds = true)
    {
        var text = new StringBuilder(raw.Length);
        int breaks = -1;
        bool first = true;
        foreach (ReadOnlySpan<char> line in raw.EnumerateLines())
        {
            breaks++;
            ReadOnlySpan<char> content = first && !trimEnds ? line : line.TrimStart(" \t");
            if (content.IsEmpty && !first)
                continue;
            if (!first)
                AppendBreaks(text, breaks);
            text.Append(content);
            TrimBlanks(text);
            breaks = 0;
            first = false;
        }

        if (breaks > 0)
            AppendBreaks(text, breaks);
        else if (!trimEnds)
            RestoreTail(text, raw);
        return text.ToString();
    }

    private static void AppendBreaks(StringBuilder text, int breaks)
    {
        if (breaks == 1)
            text.Append(' ');
        else
            text.Append('\n', breaks - 1);
    }

    // Blanks before the closing quote belong to the text.
    private static void RestoreTail(StringBuilder text, ReadOnlySpan<char> raw)
    {
        int tail = raw.Length - raw.TrimEnd(" \t").Length;
        text.Append(raw[(raw.Length - tail)..]);
    }

    private static void TrimBlanks(StringBuilder text)
    {
        while (text.Length > 0 && text[^1] is ' ' or '\t')
            text.Length--;
    }

    private static string DecodeBlock(YamlNode node)
    {
        string source = node.Source!;
        ReadOnlySpan<char> span = source.AsSpan(node.Start, node.End - node.Start);
        int headerEnd = span.IndexOfAny('\n', '\r');
        if (headerEnd < 0)
            return string.Empty;
        ReadOnlySpan<char> header = span[..headerEnd];
        int comment = header.IndexOf('#');
        if (comment >= 0)
            header = header[..comment];
        bool folded = node.Style == YamlStyle.Folded;
        var text = new StringBuilder(span.Length);
        var trailing = 0;
        bool lineBreak = false;
        bool leadingBlank = false;
        int at =
            headerEnd + (span[headerEnd] == '\r' && headerEnd + 1 < span.Length && span[headerEnd + 1] == '\n' ? 2 : 1);
        while (at <= span.Length)
        {
            int length = span[at..].IndexOfAny('\n', '\r');
            int end = length < 0 ? span.Length : at + length;
            ReadOnlySpan<char> line = span[at..end];
            int skip = 0;
            while (skip < line.Length && skip < node.Column && line[skip] == ' ')
                skip++;
            line = line[skip..];
            bool hasBreak = node.Start + end < source.Length;
            if (line.IsEmpty)
            {
                if (hasBreak)
                    trailing++;
            }
            else
            {
                bool blank = line[0] is ' ' or '\t';
                if (lineBreak && folded && !leadingBlank && !blank)
                {
                    if (trailing == 0)
                        text.Append(' ');
                }
                else if (lineBreak)
                {
                    text.Append('\n');
                }

                text.Append('\n', trailing).Append(line);
                trailing = 0;
                lineBreak = hasBreak;
                leadingBlank = blank;
            }

            if (length < 0)
                break;
            at = end + (span[end] == '\r' && end + 1 < span.Length && span[end + 1] == '\n' ? 2 : 1);
        }

        if (lineBreak && !header.Contains('-'))
            text.Append('\n');
        if (header.Contains('+'))
            text.Append('\n', trailing);
        return text.ToString();
    }
}
