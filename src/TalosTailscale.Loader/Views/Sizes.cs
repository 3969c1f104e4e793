using System.Globalization;

namespace TalosTailscale;

/// <summary>Sizes for people; used by progress and by the views.</summary>
public static class Sizes
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A count of bytes with a binary unit and three significant digits, the same in every culture.</summary>
    /// <param name="bytes">The count.</param>
    /// <returns>For example <c>104 MiB</c>.</returns>
    public static string Text(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 999.5 && unit < s_units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        string format = unit == 0 || Math.Abs(value) >= 99.95 ? "0" : "0.0";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + s_units[unit];
    }
}
