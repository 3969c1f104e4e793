using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images;

/// <summary>The format of os-release(5), which <c>.profile</c> sections have too: <c>KEY=value</c> with shell quoting.</summary>
internal static class OsRelease
{
    /// <summary>The assignments; a later one of the same name wins, as in a shell.</summary>
    public static Dictionary<string, string> Parse(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var raw in text.Split(['\n', '\r']))
        {
            var line = raw.Trim();
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || line[0] == '#')
                continue;
            values[line[..equals]] = PrintableText.Line(Unquote(line.AsSpan(equals + 1)));
        }

        return values;
    }

    private static string Unquote(ReadOnlySpan<char> text)
    {
        var value = new StringBuilder(text.Length);
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
                value.Append(text[++i]);
            else if (quote == '\0' && c is '"' or '\'')
                quote = c;
            else if (c == quote && quote != '\0')
                quote = '\0';
            else
                value.Append(c);
        }

        return value.ToString();
    }
}
