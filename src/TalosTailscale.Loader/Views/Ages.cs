using System.Globalization;

namespace TalosTailscale;

/// <summary>Times for people; used by the views.</summary>
public static class Ages
{
    /// <summary>How long ago something was: <c>12 s ago</c>, <c>3 h ago</c>, and its day where that was long ago or is to come.</summary>
    /// <param name="moment">When; null gives an empty text.</param>
    /// <returns>The text, the same in every culture.</returns>
    public static string Text(DateTimeOffset? moment) => Text(moment, DateTimeOffset.UtcNow);

    /// <summary>As <see cref="Text(DateTimeOffset?)"/>, seen from a given moment.</summary>
    /// <param name="moment">When; null gives an empty text.</param>
    /// <param name="now">The moment from which it is seen.</param>
    /// <returns>The text.</returns>
    public static string Text(DateTimeOffset? moment, DateTimeOffset now)
    {
        if (moment is not { } then)
            return "";
        TimeSpan age = now - then;
        return age switch
        {
            { Ticks: < 0 } or { TotalDays: >= 30 } => Day(then),
            { TotalMinutes: < 1 } => Ago((int)age.TotalSeconds, "s"),
            { TotalHours: < 1 } => Ago((int)age.TotalMinutes, "min"),
            { TotalDays: < 1 } => Ago((int)age.TotalHours, "h"),
            _ => Ago((int)age.TotalDays, "d"),
        };
    }

    /// <summary>The day of a moment, <c>2026-01-02</c>, in its own time zone.</summary>
    /// <param name="moment">When; null gives an empty text.</param>
    /// <returns>The text, the same in every culture.</returns>
    public static string Day(DateTimeOffset? moment) =>
        moment?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";

    /// <summary>How long something took: <c>8.4 s</c>, <c>1:23 min</c>, <c>1:02:03 h</c>.</summary>
    /// <param name="duration">The time.</param>
    /// <returns>The text, the same in every culture.</returns>
    public static string Duration(TimeSpan duration) =>
        duration switch
        {
            { TotalSeconds: < 59.95 } => duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
            { TotalHours: < 1 } => duration.ToString(@"m\:ss", CultureInfo.InvariantCulture) + " min",
            _ => duration.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) + " h",
        };

    private static string Ago(int count, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {unit} ago");
}
