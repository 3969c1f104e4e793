using System.Buffers;
using System.Text;

namespace TalosTailscale.Core.Reporting;

/// <summary>
/// Text of servers, nodes, images and certificates as people may see it: control characters could drive a terminal, and marks
/// of direction can make a line read as another one, so both become U+FFFD, which can be seen.
/// </summary>
public static class PrintableText
{
    // C0 without line feed and tab, delete and C1; the marks, embeddings, overrides and isolates of direction; separators of
    // lines; the marks that no screen shows.
    private static readonly SearchValues<char> s_unsafe = SearchValues.Create([
        .. Enumerable.Range(0, 0x20).Select(c => (char)c).Where(c => c is not ('\n' or '\t')),
        .. Enumerable.Range(0x7F, 0x21).Select(c => (char)c),
        '\u061C',
        '\u200B',
        '\u200E',
        '\u200F',
        .. Enumerable.Range(0x2028, 7).Select(c => (char)c),
        .. Enumerable.Range(0x2060, 0x10).Select(c => (char)c),
        '\uFEFF',
    ]);

    /// <summary>One line of bytes that should be ASCII.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The text; what is not printable ASCII can be seen.</returns>
    public static string Ascii(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var b in bytes)
            text.Append(b is >= 0x20 and < 0x7F ? (char)b : '\uFFFD');
        return text.ToString();
    }

    /// <summary>Whether a text is fit to be seen as it is.</summary>
    /// <param name="text">The text, of one line or several.</param>
    /// <returns>True if <see cref="Clean"/> would change nothing.</returns>
    public static bool IsClean(ReadOnlySpan<char> text)
    {
        for (var at = 0; ; at++)
        {
            var next = text[at..].IndexOfAny(s_unsafe);
            if (next < 0)
                return true;
            at += next;
            if (!IsLineEnd(text, at))
                return false;
        }
    }

    /// <summary>Text of several lines: line feeds, with or without a carriage return, and tabs stay.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text, the same instance where nothing had to be changed.</returns>
    public static string Clean(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsClean(text) ? text : string.Create(text.Length, text, static (span, from) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = s_unsafe.Contains(from[i]) && !IsLineEnd(from, i) ? '\uFFFD' : from[i];
            });
    }

    /// <summary>A name, or whatever else is one line: no line feed either, which would make two of it, and no tab.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text on one line.</returns>
    public static string Line(string text) =>
        Clean(text).Replace('\r', '\uFFFD').Replace('\n', '\uFFFD').Replace('\t', '\uFFFD');

    private static bool IsLineEnd(ReadOnlySpan<char> text, int at) =>
        text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n';
}
