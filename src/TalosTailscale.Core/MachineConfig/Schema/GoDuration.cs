using System.Text.RegularExpressions;

namespace TalosTailscale.Core.MachineConfig.Schema;

/// <summary>Durations as Go's <c>time.ParseDuration</c> reads them: 30s, 1h15m, -1.5h; a number alone only where it is 0.</summary>
internal static partial class GoDuration
{
    public static bool IsValid(string text) => Form().IsMatch(text);

    [GeneratedRegex(@"\A[-+]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)\z")]
    private static partial Regex Form();
}
