using System.Globalization;
using System.Text;

namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Double-quoted scalars.</summary>
internal static partial class YamlScalar
{
    /// <summary>Decodes what stands between double quotes.</summary>
    /// <param name="raw">The text between the quotes.</param>
    /// <param name="value">The decoded text.</param>
    /// <param name="bad">Where an escape is wrong.</param>
    /// <returns>False when there is an unknown or cut-off escape.</returns>
    public static bool TryDecodeDouble(ReadOnlySpan<char> raw, out string? value, out int bad)
    {
        bad = 0;
        if (raw.IndexOfAny('\\', '\n', '\r') < 0)
        {
            value = raw.ToString();
            return true;
        }

        value = null;
        var text = new StringBuilder(raw.Length);
        int hard = 0; // text up to here came from escapes and must not be trimmed
        int at = 0;
        while (at < raw.Length)
        {
            char c = raw[at];
            if (c is '\n' or '\r')
            {
                while (text.Length > hard && text[^1] is ' ' or '\t')
                    text.Length--;
                int breaks = SkipBreaks(raw, ref at);
                AppendBreaks(text, breaks);
                hard = text.Length;
            }
            else if (c != '\\')
            {
                text.Append(c);
                at++;
            }
            else if (at + 1 < raw.Length && raw[at + 1] is '\n' or '\r')
            {
                at++;
                int breaks = SkipBreaks(raw, ref at);
                if (breaks > 1)
                    text.Append('\n', breaks - 1);
                hard = text.Length;
            }
            else if (AppendEscape(raw, ref at, text))
            {
                hard = text.Length;
            }
            else
            {
                bad = at;
                return false;
            }
        }

        value = text.ToString();
        return true;
    }

    private static int SkipBreaks(ReadOnlySpan<char> raw, ref int at)
    {
        int breaks = 0;
        while (at < raw.Length && raw[at] is '\n' or '\r' or ' ' or '\t')
        {
            if (raw[at] == '\r' && at + 1 < raw.Length && raw[at + 1] == '\n')
                at++;
            if (raw[at] is '\n' or '\r')
                breaks++;
            at++;
        }

        return breaks;
    }

    private static bool AppendEscape(ReadOnlySpan<char> raw, ref int at, StringBuilder text)
    {
        if (at + 1 >= raw.Length)
            return false;
        char c = raw[at + 1];
        int digits = c switch
        {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if (digits > 0)
        {
            if (at + 2 + digits > raw.Length)
                return false;
            if (
                !uint.TryParse(
                    raw.Slice(at + 2, digits),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out uint code
                )
            )
                return false;
            if (code > 0x10FFFF)
                return false;
            if (code <= 0xFFFF)
                text.Append((char)code);
            else
                text.Append(char.ConvertFromUtf32((int)code));
            at += 2 + digits;
            return true;
        }

        string? plain = c switch
        {
            '0' => "\0",
            'a' => "\a",
            'b' => "\b",
            't' or '\t' => "\t",
            'n' => "\n",
            'v' => "\v",
            'f' => "\f",
            'r' => "\r",
            'e' => "\u001B",
            ' ' => " ",
            '"' => "\"",
            '/' => "/",
            '\\' => "\\",
            'N' => "\u0085",
            '_' => "\u00A0",
            'L' => "\u2028",
            'P' => "\u2029",
            '\'' => "'",
            _ => null,
        };
        if (plain is null)
            return false;
        text.Append(plain);
        at += 2;
        return true;
    }
}
