using System.Globalization;

namespace TalosTailscale.Benchmarks;

/// <summary>Figures as texts with units, in the invariant culture.</summary>
internal static class Figures
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }

    public static string Milliseconds(double value) =>
        value switch
        {
            double.NaN => "not measured",
            < 10 => Text($"{value:0.00} ms"),
            < 10_000 => Text($"{value:0.#} ms"),
            _ => Text($"{value / 1000:0.0} s"),
        };

    public static string Megabytes(double bytes) => Text($"{bytes / 1_000_000:0.0} MB");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
