using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Validation;

/// <summary>One start of the container, as its log tells it.</summary>
/// <param name="past">Gets what is over.</param>
internal sealed class LogAttempt(LogPast past)
{
    private const int ExampleLength = 300;
    private const int MaximumUnknown = 5;

    private readonly Dictionary<TsCheckCause, LogFound> _found = [];
    private readonly Dictionary<TsCheckCause, LogFound> _passing = [];
    private readonly Dictionary<string, (LogFound Found, bool Passing)> _warnings = new(StringComparer.Ordinal);
    private readonly Queue<(int Line, string Text)> _unknown = new();
    private bool _succeeded;
    private bool _stopping;

    public bool Decided => _succeeded || Failed;

    public TsDiagnosisState State =>
        Failed ? TsDiagnosisState.Failing
        : All.Any(found => found.Pattern.Meaning == LogMeaning.Trouble) ? TsDiagnosisState.Troubled
        : _succeeded ? TsDiagnosisState.Healthy
        : TsDiagnosisState.Unknown;

    /// <summary>Whether it failed and no line says why.</summary>
    public bool SaysOnlyThatItFailed => Failed && All.All(found => found.Rank > 0);

    /// <summary>The last lines that are not known, which may say more.</summary>
    public IEnumerable<(int Line, string Text)> UnknownLines => _unknown;

    /// <summary>What holds, the most telling first.</summary>
    public IEnumerable<LogFound> Now =>
        All.Concat(IsCutOff ? _passing.Values : [])
            .GroupBy(found => found.Pattern.Cause!)
            .Select(LogFound.Together)
            .OrderBy(found => found.Rank)
            .ThenBy(found => Place(found.Pattern));

    /// <summary>Lost connections of a node in the tailnet that tailscaled's health says nothing of any more.</summary>
    public IEnumerable<LogFound> Passed => IsCutOff ? [] : _passing.Values;

    /// <summary>What does not go by with a start that came to no end.</summary>
    public IEnumerable<LogFound> Left =>
        All.Where(found => found.Pattern.Meaning != LogMeaning.Hint)
            .Except(_warnings.Values.Where(warning => warning.Passing).Select(warning => warning.Found));

    private bool Failed =>
        All.Any(found => found.Pattern.Meaning is LogMeaning.Failure or LogMeaning.Generic or LogMeaning.Lasting);

    // Tailscaled's own word that a connection is not back.
    private bool IsCutOff => _warnings.Values.Any(warning => warning.Passing);

    private IEnumerable<LogFound> All =>
        _found
            .Values.Where(found => found.Count >= found.Pattern.Least)
            .Concat(_warnings.Values.Select(warning => warning.Found));

    /// <summary>Being in the tailnet is proof that what failed before no longer does; trouble stays.</summary>
    public void Succeed(int line, string? time)
    {
        _succeeded = true;
        // What only its number makes a failure was waiting, and no failure.
        var over = All.Where(found =>
                found.Pattern.Meaning is LogMeaning.Failure or LogMeaning.Generic && found.Pattern.Least == 1
            )
            .ToArray();
        past.Add(over.Concat(_passing.Values));
        past.End(line, time);
        _passing.Clear();
        foreach (var (cause, found) in _found.ToArray())
            if (found.Pattern.Meaning is LogMeaning.Failure or LogMeaning.Generic)
                _found.Remove(cause);
        foreach (var (code, _) in _warnings.Where(warning => warning.Value.Passing).ToArray())
            _warnings.Remove(code);
    }

    /// <summary>What it said is of the past: another start took its place.</summary>
    public void Leave() => past.Add(Left.Concat(_passing.Values));

    /// <summary>It was told to stop: that tailscaled ends is no failure then.</summary>
    public void Stop() => _stopping = true;

    /// <summary>A line that says what failed.</summary>
    public void Add(LogPattern pattern, int line, string text)
    {
        if (_stopping && pattern.InTailnet == LogPassing.EndOfStop)
            return;
        if (_succeeded && pattern.InTailnet == LogPassing.Weather)
            return;
        var found = _succeeded && pattern.InTailnet == LogPassing.Passes ? _passing : _found;
        found[pattern.Cause!] = LogFound.Next(found.GetValueOrDefault(pattern.Cause!), pattern, line, text);
    }

    /// <summary>A health warning is over; with the last of them lost connections are back.</summary>
    public void EndWarning(string code, int line, string? time)
    {
        if (!_warnings.Remove(code) || IsCutOff || !_succeeded || _passing.Count == 0)
            return;
        past.Add(_passing.Values);
        past.End(line, time);
        _passing.Clear();
    }

    /// <summary>A health warning is raised.</summary>
    public void Warn(string code, LogPattern pattern, bool passing, int line, string text)
    {
        var before = _warnings.GetValueOrDefault(code).Found;
        _warnings[code] = (LogFound.Next(before, pattern, line, text), passing);
    }

    /// <summary>A line that nobody knows.</summary>
    public void Unknown(int line, string text)
    {
        _unknown.Enqueue((line, text));
        if (_unknown.Count > MaximumUnknown)
            _unknown.Dequeue();
    }

    /// <summary>A line as it is shown: without secrets, and not longer than a few rows.</summary>
    public static string Shown(string text)
    {
        var safe = Redactor.Mask(text);
        return safe.Length > ExampleLength ? safe[..ExampleLength] + "…" : safe;
    }

    private static int Place(LogPattern pattern)
    {
        for (var i = 0; i < LogPatterns.All.Count; i++)
            if (ReferenceEquals(LogPatterns.All[i], pattern))
                return i;
        return int.MaxValue;
    }
}
