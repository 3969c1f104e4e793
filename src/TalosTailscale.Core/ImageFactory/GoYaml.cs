using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// Writes strings in the style that Go's yaml package (v4.0.0-rc.6, as the factory has since August 2026) chooses when it
/// encodes them, since the id of a schematic is a hash over that text: plain where it reads back as the same string, else
/// quoted, a literal block where there are several lines.
/// </summary>
internal static partial class GoYaml
{
    // What YAML 1.1 read as a truth value or a merge: text today, in single quotes for the readers of then.
    private static readonly HashSet<string> s_oldForms = new(
        "y Y yes Yes YES n N no No NO on On ON off Off OFF <<".Split(' '),
        StringComparer.Ordinal
    );

    private static readonly HashSet<string> s_otherTypes = new(
        (
            "~ null Null NULL true True TRUE false False FALSE "
            + ".nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF"
        ).Split(' '),
        StringComparer.Ordinal
    );

    /// <summary>A scalar, without the line break behind it.</summary>
    /// <param name="value">The string.</param>
    /// <param name="indent">Column of the lines of a literal block.</param>
    public static string Text(string value, int indent)
    {
        var printable = value.EnumerateRunes().All(r => r.Value is '\n' or '\t' || IsPrintable(r));
        if (value.Contains('\n', StringComparison.Ordinal))
            return printable && CanBeLiteral(value) ? Literal(value, indent) : DoubleQuoted(value);
        if (s_oldForms.Contains(value) || Base60().IsMatch(value))
            return $"'{value}'";
        if (IsOtherType(value) || !printable || value.Contains('\t', StringComparison.Ordinal))
            return DoubleQuoted(value);
        return CanBePlain(value) ? value : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    /// <summary>Whether the text, unquoted, reads as something else than a string.</summary>
    internal static bool IsOtherType(string value) =>
        value.Length == 0
        || s_otherTypes.Contains(value)
        || s_oldForms.Contains(value)
        || Number().IsMatch(value)
        || Base60().IsMatch(value)
        || Date().IsMatch(value);

    // No space before a line break or at the end, and something else than breaks.
    private static bool CanBeLiteral(string value) =>
        value[^1] != ' ' && !value.Contains(" \n", StringComparison.Ordinal) && value.Trim('\n').Length > 0;

    // The emitter's analysis of a block scalar: leading indicators, "word: word", "word #", spaces at the ends.
    private static bool CanBePlain(string value)
    {
        if (
            value[0] == ' '
            || value[^1] == ' '
            || value.StartsWith("---", StringComparison.Ordinal)
            || value.StartsWith("...", StringComparison.Ordinal)
            || "#,[]{}&*!|>'\"%@`".Contains(value[0], StringComparison.Ordinal)
        )
            return false;
        if (value[0] is '-' or '?' or ':' && (value.Length == 1 || IsBlank(value[1])))
            return false;
        for (var i = 1; i < value.Length; i++)
        {
            if (value[i] == ':' && (i + 1 == value.Length || IsBlank(value[i + 1])))
                return false;
            if (value[i] == '#' && IsBlank(value[i - 1]))
                return false;
        }

        return true;
    }

    private static bool IsBlank(char c) => c is ' ' or '\t';

    // What Go's emitter writes as it is; everything above the first plane it escapes.
    private static bool IsPrintable(Rune rune) =>
        rune.Value
            is (>= 0x20 and <= 0x7E)
                or (>= 0xA0 and <= 0xD7FF and not 0x2028 and not 0x2029)
                or (>= 0xE000 and <= 0xFFFD and not 0xFEFF);

    private static string Literal(string value, int indent)
    {
        var text = new StringBuilder("|");
        if (value[0] is ' ' or '\n')
            text.Append('4');
        if (!value.EndsWith('\n'))
            text.Append('-');
        else if (value.Length == 1 || value.EndsWith("\n\n", StringComparison.Ordinal))
            text.Append('+');
        var lines = (value.EndsWith('\n') ? value[..^1] : value).Split('\n');
        foreach (var line in lines)
        {
            text.Append('\n');
            if (line.Length > 0)
                text.Append(' ', indent).Append(line);
        }

        return text.ToString();
    }

    private static string DoubleQuoted(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var rune in value.EnumerateRunes())
        {
            text.Append(
                rune.Value switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    0 => "\\0",
                    7 => "\\a",
                    8 => "\\b",
                    11 => "\\v",
                    12 => "\\f",
                    27 => "\\e",
                    0x85 => "\\N",
                    0x2028 => "\\L",
                    0x2029 => "\\P",
                    _ when IsPrintable(rune) => rune.ToString(),
                    <= 0xFF => string.Create(CultureInfo.InvariantCulture, $"\\x{rune.Value:X2}"),
                    <= 0xFFFF => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"),
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
                }
            );
        }

        return text.Append('"').ToString();
    }

    // Integers in Go's notations, and floats.
    [GeneratedRegex(
        @"^(?:[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[0-9][0-9_]*)"
            + @"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$",
        RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Number();

    // Numbers of YAML 1.1 such as 12:30:45.
    [GeneratedRegex(@"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Base60();

    [GeneratedRegex(
        @"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z| ?[-+][0-9]{1,2}:[0-9]{2})?)?$",
        RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Date();
}
