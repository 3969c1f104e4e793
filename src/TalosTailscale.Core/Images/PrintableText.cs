using System.Text;

namespace TalosTailscale.Core.Images;

/// <summary>
/// Text out of an image that is about to be shown: control characters could drive a terminal, and marks of direction
/// can make a line read as another one, so both become U+FFFD, which can be seen.
/// </summary>
internal static class PrintableText
{
    public static string Ascii(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var b in bytes)
            text.Append(b is >= 0x20 and < 0x7F ? (char)b : '\uFFFD');
        return text.ToString();
    }

    /// <summary>Text of several lines: line feeds and tabs stay.</summary>
    public static string Clean(string text) => Replace(text, c => c is not ('\n' or '\t') && IsUnsafe(c));

    /// <summary>A name, or whatever else is one line: no line feed either, which would make two of it.</summary>
    public static string Line(string text) => Replace(text, IsUnsafe);

    private static string Replace(string text, Func<char, bool> isUnsafe) =>
        text.Any(isUnsafe) ? string.Create(text.Length, (text, isUnsafe), static (span, from) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = from.isUnsafe(from.text[i]) ? '\uFFFD' : from.text[i];
            }) : text;

    private static bool IsUnsafe(char c) =>
        char.IsControl(c)
        || c
            is '\u061C'
                or '\u200E'
                or '\u200F'
                or (>= '\u2028' and <= '\u202E')
                or (>= '\u2066' and <= '\u206F')
                or '\uFEFF';
}
