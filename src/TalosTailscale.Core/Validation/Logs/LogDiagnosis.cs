using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// Reads a log of ext-tailscale, line by line. Only the last start of the container counts, or the one before while the
/// last has not come to an end: what failed earlier is over. A line that says that something failed and is not known is
/// never over: it is shown, and no log with one is healthy.
/// </summary>
public sealed class LogDiagnosis
{
    private const int MaximumLineLength = 4096;
    private const int MaximumEvidence = 10;
    private const string SeenNowhere = "no source that this module knows";

    private readonly string _node;
    private readonly Queue<(int Line, string Text)> _strange = new();
    private LogAttempt _current = new();
    private LogAttempt? _previous;
    private int _lines;
    private int _unknown;
    private int _strangeCount;
    private int _starts;
    private string? _onlyLine;

    /// <summary>Begins a reading.</summary>
    /// <param name="node">The node, or where the text comes from.</param>
    public LogDiagnosis(string node) => _node = node;

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
    /// <param name="line">The line; what is after its first 4096 characters is looked through for words of failure only.</param>
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
            _current.Warn(health.Code, health.Pattern, health.Passing, _lines, text);
            return;
        }

        var pattern = LogPatterns.All.FirstOrDefault(known => known.Matches(text));
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
                _starts++;
                _previous = _current.Decided ? _current : _previous;
                _current = new LogAttempt();
                break;
            case LogMeaning.Success:
                _current.Succeed();
                break;
            case LogMeaning.Benign:
                break;
            default:
                _current.Add(pattern, _lines, text);
                break;
        }
    }

    /// <summary>What the lines so far say.</summary>
    /// <returns>The reading.</returns>
    public TsDiagnosis Result()
    {
        var attempt = _current.Decided || _previous is null ? _current : _previous;
        var findings = attempt.Findings();
        var evidence = attempt.SaysOnlyThatItFailed ? _strange.Concat(attempt.UnknownLines) : _strange;
        if (_strangeCount > 0)
            findings.Add(NotUnderstood());
        var first = findings.Count == 0 ? null : findings[0];
        return new TsDiagnosis
        {
            Node = _node,
            State =
                _strangeCount > 0 && attempt.State is TsDiagnosisState.Healthy or TsDiagnosisState.Unknown
                    ? TsDiagnosisState.Troubled
                    : attempt.State,
            Cause = first?.Cause,
            Meaning = first?.Meaning,
            Fix = first?.Fix,
            FailureMode = first is null ? null : Causes.Find(first.Cause)?.FailureMode,
            Findings = findings,
            Evidence =
            [
                .. evidence
                    .OrderBy(one => one.Line)
                    .TakeLast(MaximumEvidence)
                    .Select(one => LogAttempt.Shown(one.Text)),
            ],
            Starts = _starts,
            Lines = _lines,
            UnknownLines = _unknown,
        };
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
