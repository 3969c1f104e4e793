namespace TalosTailscale.Core.Validation;

/// <summary>What lines of a log say of one cause.</summary>
/// <param name="Pattern">The most telling of the patterns that matched.</param>
/// <param name="Count">How many lines.</param>
/// <param name="Line">The number of the last.</param>
/// <param name="Text">The last.</param>
internal sealed record LogFound(LogPattern Pattern, int Count, int Line, string Text)
{
    /// <summary>The line that shows that it is over; null where none does.</summary>
    public int? OverLine { get; init; }

    /// <summary>The time of that line as the log writes it.</summary>
    public string? OverTime { get; init; }

    /// <summary>How much it says: 0 for a cause, more for what only says that something failed.</summary>
    public int Rank => RankOf(Pattern);

    /// <summary>With one more line.</summary>
    public static LogFound Next(LogFound? before, LogPattern pattern, int line, string text) =>
        // 'Why' is not overwritten by a later line of the same cause that says less.
        new(
            before is not null && before.Rank < RankOf(pattern) ? before.Pattern : pattern,
            (before?.Count ?? 0) + 1,
            line,
            text
        );

    /// <summary>Several of one cause as one: the last line of them, and all counted.</summary>
    public static LogFound Together(IEnumerable<LogFound> same)
    {
        var all = same.ToArray();
        return all.MaxBy(found => found.Line)! with { Count = all.Sum(found => found.Count) };
    }

    /// <summary>As the user sees it.</summary>
    public TsDiagnosisFinding Finding(bool over)
    {
        var cause = Pattern.Cause!;
        var shown = LogAttempt.Shown(Text);
        return new(cause.Code, Count, Line, shown, cause.Meaning, Pattern.Fix ?? cause.Fix, Pattern.Seen)
        {
            Over = over,
            OverLine = OverLine,
            OverTime = OverTime,
        };
    }

    private static int RankOf(LogPattern pattern) =>
        pattern.Meaning switch
        {
            LogMeaning.Failure or LogMeaning.Lasting => 0,
            LogMeaning.Generic => 1,
            LogMeaning.Trouble => 2,
            _ => 3,
        };
}
