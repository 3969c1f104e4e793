using System.Text;

namespace TalosTailscale.Core.Images;

/// <summary>
/// Text out of an image that is about to be shown: control characters could drive a terminal, so they do not come
/// through.
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

    /// <summary>UTF-8 up to the first zero byte; line feeds and tabs stay, other control characters become U+FFFD.</summary>
    public static string Utf8(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Clean(Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]));
    }

    public static string Clean(string text) =>
        text.Any(IsUnsafe) ? string.Create(text.Length, text, static (span, source) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = IsUnsafe(source[i]) ? '\uFFFD' : source[i];
            }) : text;

    // Bidirectional overrides (U+202A..E, U+2066..9) can make a command line read as another one.
    private static bool IsUnsafe(char c) =>
        (char.IsControl(c) && c is not ('\n' or '\t'))
        || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
