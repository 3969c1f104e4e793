using System.Text.Json;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// Takes off a line what others put before a program's own words: node, time, container, JSON around it.
/// </summary>
internal static class LogLine
{
    private const int MaximumPrefixes = 6;
    private const int MaximumTimePlace = 200;

    // talosctl's node, the container's name of docker or kubectl, syslog's process, times of every form, and 'boot: '.
    private static readonly Regex s_prefix = LogPattern.Compile(
        @"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:?\d\d)?\s*"
            + @"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(\.\d+)?\s+"
            + @"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [\w.-]+(\[\d+\])?: "
            + @"|<\d>|(\d{1,3}\.){3}\d{1,3}:\s+|\[[a-z][a-z0-9]*-[\w.-]*\]\s+|[\w.-]+\s*\|\s+|│\s*|#\s+- |boot: )"
    );

    // The name of a node is a word before a colon, which other lines begin with as well: only before a time or 'boot:'.
    private static readonly Regex s_name = LogPattern.Compile(@"^[\w.:-]+:\s+(boot: )?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ");

    private static readonly Regex s_time = LogPattern.Compile(@"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d");

    /// <summary>The program's own words.</summary>
    /// <param name="line">The line as it came.</param>
    /// <returns>Its message.</returns>
    public static string Message(string line)
    {
        var text = line.AsSpan().TrimEnd(" \t\r\n│");
        for (var i = 0; i < MaximumPrefixes; i++)
        {
            var cut =
                LengthOf(s_prefix, text) is > 0 and var length ? length
                : s_name.IsMatch(text) ? text.IndexOf(' ') + 1
                : 0;
            if (cut == 0)
                break;
            text = text[cut..];
        }

        return text.StartsWith("{", StringComparison.Ordinal) ? Unwrap(text.ToString()) : text.ToString();
    }

    /// <summary>The time in a line, as it is written.</summary>
    /// <param name="line">The line as it came.</param>
    /// <returns>Date and time to the second; null when the line has none at its begin.</returns>
    public static string? Time(string line)
    {
        foreach (var match in s_time.EnumerateMatches(line.AsSpan(0, Math.Min(line.Length, MaximumTimePlace))))
            return line.Substring(match.Index, match.Length);
        return null;
    }

    /// <summary>The service's own last lines, which Talos 1.14 and later quote where a service ends.</summary>
    /// <param name="text">A line of machined.</param>
    /// <returns>Them; none where it quotes none.</returns>
    public static IEnumerable<string> Quoted(string text)
    {
        const string Begin = "(last log \"";
        var at = text.IndexOf(Begin, StringComparison.Ordinal);
        return at < 0
            ? []
            : text[(at + Begin.Length)..]
                .TrimEnd('"', ')')
                .Split("\\n")
                .Select(line => Message(line.Replace("\\\"", "\"", StringComparison.Ordinal)));
    }

    private static int LengthOf(Regex pattern, ReadOnlySpan<char> text)
    {
        foreach (var match in pattern.EnumerateMatches(text))
            return match.Length;
        return 0;
    }

    // Talos's log destinations write 'msg', tailscale's own log file 'text'.
    private static string Unwrap(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            // One destination gets the logs of all services; the others' failures are not tailscale's.
            if (
                document.RootElement.TryGetProperty("talos-service", out var service)
                && service.ValueKind == JsonValueKind.String
                && service.GetString() is not ("ext-tailscale" or "machined" or "controller-runtime")
            )
                return "";
            foreach (var name in (ReadOnlySpan<string>)["msg", "text", "log", "message"])
                if (
                    document.RootElement.TryGetProperty(name, out var value)
                    && value.ValueKind == JsonValueKind.String
                    && value.GetString()!.TrimEnd() is { Length: > 0 } text
                    && text[0] != '{'
                )
                    return Message(text);
        }
        catch (JsonException)
        {
            // Not JSON after all: the words are taken as they are.
        }

        return json;
    }
}
