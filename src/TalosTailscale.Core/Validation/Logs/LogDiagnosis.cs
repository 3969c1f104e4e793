using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// Reads a log of ext-tailscale, line by line. Only the last start of the container counts, or the one before while the
/// last has not come to an end. What failed earlier is over once a later line shows the node in the tailnet: it is told
/// as such. A line that says that something failed and is not known is never over. No log with either is healthy.
/// </summary>
public sealed class LogDiagnosis
{
    private const int MaximumLineLength = 4096;
    private const int MaximumEvidence = 10;
    private const string SeenNowhere = "no source that this module knows";

    private readonly string _node;
    private readonly Queue<(int Line, string Text)> _strange = new();
    private readonly LogPast _past = new();
    private LogAttempt _current;
    private LogAttempt? _previous;
    private int _lines;
    private int _unknown;
    private int _strangeCount;
    private int _starts;
    private string? _onlyLine;

    /// <summary>Begins a reading.</summary>
    /// <param name="node">The node, or where the text comes from.</param>
    public LogDiagnosis(string node)
    {
        _node = node;
        _current = new LogAttempt(_past);
    }

    /// <summary>Whether all that was read is one word, which no log is.</summary>
    public bool IsOneWord => _onlyLine is { Length: > 0 } only && _unknown == 1 && !only.Any(char.IsWhiteSpace);

    /// <summary>Reads a whole log.</summary>
    /// <param name="node">The node, or where the text comes from.</param>
    /// <param name="lines">The lines, oldest first.</param>
    /// <returns>What it says.</returns>
    public static TsDiagnosis Read(string node, IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var diagnosis = new LogDiagnosis(node);
        foreach (var line in lines)
            diagnosis.Add(line);
        return diagnosis.Result();
    }

    /// <summary>Takes the next line.</summary>
    /// <param name="line">The line; what is after its first 4096 characters is looked through for words of failure
    /// only.</param>
    public void Add(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        _lines++;
        var text = LogLine.Message(line.Length > MaximumLineLength ? line[..MaximumLineLength] : line);
        if (text.Length == 0)
            return;
        _onlyLine = _onlyLine is null ? text : "";
        if (LogHealth.Read(text) is { } health)
        {
            if (health.Pattern is null)
                _current.EndWarning(health.Code, _lines, LogLine.Time(line));
            else
                _current.Warn(health.Code, health.Pattern, health.Passing, _lines, text);
            return;
        }

        var pattern = LogPatterns.Find(text);
        switch (pattern?.Meaning)
        {
            case null when FailureWords.In(text) || FailureWords.In(line):
                Strange(text);
                break;
            case null when LogPatterns.Plain.Any(known => known.Matches(text)):
                break;
            case null:
                _unknown++;
                _current.Unknown(_lines, text);
                break;
            case LogMeaning.Start:
                Begin();
                break;
            case LogMeaning.Success:
                _previous?.Leave();
                _previous = null;
                _current.Succeed(_lines, LogLine.Time(line));
                break;
            case LogMeaning.Stop:
                _current.Stop();
                break;
            case LogMeaning.Benign:
                break;
            default:
                _current.Add(pattern, _lines, text);
                foreach (var quoted in LogLine.Quoted(text))
                    if (LogPatterns.Find(quoted) is { Meaning: LogMeaning.Failure } reason)
                        _current.Add(reason, _lines, quoted);
                break;
        }
    }

    /// <summary>What the lines so far say.</summary>
    /// <returns>The reading.</returns>
    public TsDiagnosis Result()
    {
        var attempt = _current.Decided || _previous is null ? _current : _previous;
        // A start that failed tells enough; a good one does not make up for one beside it that came to no end.
        LogFound[] open = attempt.State == TsDiagnosisState.Failing ? [] : [.. _past.Open, .. Unfinished(attempt)];
        List<TsDiagnosisFinding> findings = [.. attempt.Now.Concat(open).Select(found => found.Finding(over: false))];
        if (_strangeCount > 0)
            findings.Add(NotUnderstood());
        var first = findings.FirstOrDefault();
        var over = Over(attempt);
        var state = State(attempt.State, open.Length > 0, over.Count > 0);
        return new TsDiagnosis
        {
            Node = _node,
            State = state,
            Cause = first?.Cause,
            Meaning = first?.Meaning,
            Fix = first?.Fix,
            FailureMode = first is null ? null : Causes.Find(first.Cause)?.FailureMode,
            Findings = [.. findings, .. over],
            Evidence = [.. state == TsDiagnosisState.Recovered ? over.Select(Telling) : Evidence(attempt)],
            Starts = _starts,
            Lines = _lines,
            UnknownLines = _unknown,
        };
    }

    private void Begin()
    {
        _starts++;
        if (_current.Decided)
        {
            _previous?.Leave();
            _previous = _current;
        }
        else
            _current.Leave();
        _current = new LogAttempt(_past);
    }

    private IEnumerable<LogFound> Unfinished(LogAttempt attempt) =>
        ReferenceEquals(attempt, _current) ? [] : _current.Left;

    private TsDiagnosisState State(TsDiagnosisState attempt, bool open, bool over) =>
        attempt switch
        {
            TsDiagnosisState.Failing => attempt,
            _ when _strangeCount > 0 || open => TsDiagnosisState.Troubled,
            TsDiagnosisState.Healthy when over => TsDiagnosisState.Recovered,
            _ => attempt,
        };

    private List<TsDiagnosisFinding> Over(LogAttempt attempt) =>
        [
            .. _past
                .Over.Concat(attempt.Passed)
                .GroupBy(found => found.Pattern.Cause!)
                .Select(same => LogFound.Together(same).Finding(over: true))
                .OrderBy(finding => finding.Line),
        ];

    private IEnumerable<string> Evidence(LogAttempt attempt) =>
        (attempt.SaysOnlyThatItFailed ? _strange.Concat(attempt.UnknownLines) : _strange)
            .OrderBy(one => one.Line)
            .TakeLast(MaximumEvidence)
            .Select(one => LogAttempt.Shown(one.Text));

    /// <summary>What failed and is over, in a line.</summary>
    internal static string Telling(TsDiagnosisFinding over)
    {
        var since = over.OverLine is { } line ? $"over since line {line}" : "over";
        var time = over.OverTime is { } text ? $", {text}" : "";
        return $"{over.Cause} in line {over.Line}, {since}{time}: {over.Example}";
    }

    private void Strange(string text)
    {
        _unknown++;
        _strangeCount++;
        _strange.Enqueue((_lines, text));
        if (_strange.Count > MaximumEvidence)
            _strange.Dequeue();
    }

    private TsDiagnosisFinding NotUnderstood()
    {
        var (line, text) = _strange.Last();
        var cause = Causes.LogNotUnderstood;
        return new(cause.Code, _strangeCount, line, LogAttempt.Shown(text), cause.Meaning, cause.Fix, SeenNowhere);
    }
}
