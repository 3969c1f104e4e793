using System.Globalization;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>The <c>key=value</c> lines of a sub-command that ended well.</summary>
internal sealed class ProgramResult
{
    private ProgramResult(IReadOnlyList<KeyValuePair<string, string>> lines) => Lines = lines;

    /// <summary>All lines in order; keys may repeat.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Lines { get; }

    internal static ProgramResult Parse(string output)
    {
        var lines = new List<KeyValuePair<string, string>>();
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                lines.Add(new(line[..equals], line[(equals + 1)..]));
        }

        return new ProgramResult(lines);
    }

    /// <summary>The last value of a key; empty when it is not there.</summary>
    internal string this[string key] => Find(key) ?? "";

    internal string? Find(string key)
    {
        for (int i = Lines.Count - 1; i >= 0; i--)
        {
            if (Lines[i].Key == key)
                return Lines[i].Value;
        }

        return null;
    }

    internal long Number(string key) => ToNumber(this[key]);

    internal static long ToNumber(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : 0;
}
