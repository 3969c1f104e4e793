using System.Text.Json;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Validation;

/// <summary>Takes off a line what others put before a program's own words: node, time, container, JSON around it.</summary>
internal static class LogLine
{
    private const int MaximumPrefixes = 6;

    // talosctl's node, the container's name of docker or kubectl, syslog's process, times of every form, and 'boot: '.
    private static readonly Regex s_prefix = LogPattern.Compile(
        @"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:?\d\d)?\s*"
            + @"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(\.\d+)?\s+"
            + @"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [\w.-]+(\[\d+\])?: "
            + @"|<\d>|(\d{1,3}\.){3}\d{1,3}:\s+|\[[a-z][a-z0-9]*-[\w.-]*\]\s+|[\w.-]+\s*\|\s+|│\s*|#\s+- |boot: )"
    );

    // The name of a node is a word before a colon, which other lines begin with as well: only before a time or 'boot:'.
    private static readonly Regex s_name = LogPattern.Compile(@"^[\w.:-]+:\s+(boot: )?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ");

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
