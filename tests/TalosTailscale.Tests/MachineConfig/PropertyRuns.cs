using System.Globalization;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>How often a property is tried: a few thousand times as a rule, as often as asked for a long run.</summary>
internal static class PropertyRuns
{
    private static readonly double s_factor = double.TryParse(
        Environment.GetEnvironmentVariable("TALOSTAILSCALE_PROPERTY_FACTOR"),
        NumberStyles.Float,
        CultureInfo.InvariantCulture,
        out double factor
    )
        ? factor
        : 1;

    /// <summary>The usual number, times the factor in TALOSTAILSCALE_PROPERTY_FACTOR.</summary>
    public static long Of(int usual) => Math.Max(1, (long)(usual * s_factor));
}
