using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Validation;

/// <summary>One start of the container, as its log tells it.</summary>
internal sealed class LogAttempt
{
    private const int ExampleLength = 300;
    private const int MaximumUnknown = 5;

    // A node in the tailnet loses its control connection now and then and gets it back without a word.
    private static readonly TsCheckCause[] s_passing =
    [
        Causes.ControlPlaneUnreachable,
        Causes.ControlPlaneError,
        Causes.ControlPlaneNotTrusted,
        Causes.ResolverBroken,
        Causes.LoginFailed,
    ];

    private readonly Dictionary<TsCheckCause, Found> _found = [];
    private readonly Dictionary<string, (Found Found, bool Passing)> _warnings = new(StringComparer.Ordinal);
    private readonly Queue<(int Line, string Text)> _unknown = new();
    private bool _succeeded;

    public bool Decided => _succeeded || Failed;

    public TsDiagnosisState State =>
        Failed ? TsDiagnosisState.Failing
        : All.Any(found => found.Pattern.Meaning == LogMeaning.Trouble) ? TsDiagnosisState.Troubled
        : _succeeded ? TsDiagnosisState.Healthy
        : TsDiagnosisState.Unknown;

    /// <summary>Whether it failed and no line says why.</summary>
    public bool SaysOnlyThatItFailed => Failed && All.All(found => Order(found) > 0);

    /// <summary>The last lines that are not known, which may say more.</summary>
    public IEnumerable<(int Line, string Text)> UnknownLines => _unknown;

    private bool Failed =>
        All.Any(found => found.Pattern.Meaning is LogMeaning.Failure or LogMeaning.Generic or LogMeaning.Lasting);

    private IEnumerable<Found> All =>
        _found
            .Values.Where(found => found.Count >= found.Pattern.Least)
            .Concat(_warnings.Values.Select(warning => warning.Found));

    /// <summary>Being in the tailnet is proof that what failed before no longer does; trouble stays.</summary>
    public void Succeed()
    {
        _succeeded = true;
        foreach (var (cause, found) in _found.ToArray())
            if (found.Pattern.Meaning is LogMeaning.Failure or LogMeaning.Generic)
                _found.Remove(cause);
        foreach (var (code, _) in _warnings.Where(warning => warning.Value.Passing).ToArray())
            _warnings.Remove(code);
    }

    /// <summary>A line that says what failed.</summary>
    public void Add(LogPattern pattern, int line, string text)
    {
        var passes = pattern.Meaning is LogMeaning.Failure or LogMeaning.Generic;
        if (_succeeded && passes && s_passing.Contains(pattern.Cause!))
            return;
        var count = _found.TryGetValue(pattern.Cause!, out var before) ? before.Count : 0;
        // 'Why' is not overwritten by a later line of the same cause that says less.
        var telling = before is not null && Order(before) < Rank(pattern) ? before.Pattern : pattern;
        _found[pattern.Cause!] = new(telling, count + 1, line, text);
    }

    /// <summary>A health warning: raised, or over.</summary>
    public void Warn(string code, LogPattern? pattern, bool passing, int line, string text)
    {
        if (pattern is null)
        {
            _warnings.Remove(code);
            return;
        }

        var count = _warnings.TryGetValue(code, out var before) ? before.Found.Count : 0;
        _warnings[code] = (new(pattern, count + 1, line, text), passing);
    }

    /// <summary>A line that nobody knows.</summary>
    public void Unknown(int line, string text)
    {
        _unknown.Enqueue((line, text));
        if (_unknown.Count > MaximumUnknown)
            _unknown.Dequeue();
    }

    /// <summary>Everything that was found, the most telling first.</summary>
    public List<TsDiagnosisFinding> Findings() =>
        [
            .. All.GroupBy(found => found.Pattern.Cause!)
                .Select(same => (Found: same.MaxBy(found => found.Line)!, Count: same.Sum(found => found.Count)))
                .OrderBy(one => Order(one.Found))
                .ThenBy(one => Place(one.Found.Pattern))
                .Select(one => Finding(one.Found, one.Count)),
        ];

    /// <summary>A line as it is shown: without secrets, and not longer than a few rows.</summary>
    public static string Shown(string text)
    {
        var safe = Redactor.Mask(text);
        return safe.Length > ExampleLength ? safe[..ExampleLength] + "…" : safe;
    }

    private static TsDiagnosisFinding Finding(Found found, int count)
    {
        var cause = found.Pattern.Cause!;
        var fix = found.Pattern.Fix ?? cause.Fix;
        return new(cause.Code, count, found.Line, Shown(found.Text), cause.Meaning, fix, found.Pattern.Seen);
    }

    private static int Order(Found found) => Rank(found.Pattern);

    private static int Rank(LogPattern pattern) =>
        pattern.Meaning switch
        {
            LogMeaning.Failure or LogMeaning.Lasting => 0,
            LogMeaning.Generic => 1,
            LogMeaning.Trouble => 2,
            _ => 3,
        };

    private static int Place(LogPattern pattern)
    {
        for (var i = 0; i < LogPatterns.All.Count; i++)
            if (ReferenceEquals(LogPatterns.All[i], pattern))
                return i;
        return int.MaxValue;
    }

    private sealed record Found(LogPattern Pattern, int Count, int Line, string Text);
}
