using System.Globalization;

namespace TalosTailscale.Lab.Talos;

/// <summary>Durations as Go prints them.</summary>
internal static class LabDuration
{
    internal static string Go(TimeSpan time)
    {
        var seconds = (time.TotalSeconds % 60).ToString("0.#########", CultureInfo.InvariantCulture) + "s";
        if (time.TotalMinutes < 1)
            return seconds;
        return time.TotalHours < 1 ? $"{time.Minutes}m{seconds}" : $"{(int)time.TotalHours}h{time.Minutes}m{seconds}";
    }
}
