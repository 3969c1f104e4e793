using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// Reads a log of ext-tailscale, line by line. Only the last start of the container counts, or the one before while the
/// last has not come to an end: what failed earlier is over.
/// </summary>
public sealed class LogDiagnosis
{
    private const int MaximumLineLength = 4096;
    private const int ExampleLength = 300;

    private readonly string _node;
    private Attempt _current = new();
    private Attempt? _previous;
    private int _lines;
    private int _unknown;
    private int _starts;

    /// <summary>Begins a reading.</summary>
    /// <param name="node">The node, or where the text comes from.</param>
    public LogDiagnosis(string node) => _node = node;

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
    /// <param name="line">The line; more than its first 4096 characters is not looked at.</param>
    public void Add(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        _lines++;
        var text = (line.Length > MaximumLineLength ? line[..MaximumLineLength] : line).TrimEnd();
        if (text.Length == 0)
            return;
        var pattern = LogPatterns.All.FirstOrDefault(known => known.Pattern.IsMatch(text));
        switch (pattern?.Meaning)
        {
            case null:
                _unknown++;
                break;
            case LogMeaning.Start:
                _starts++;
                _previous = _current.Decided ? _current : _previous;
                _current = new Attempt();
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
        var first = findings.Count == 0 ? null : Causes.Find(findings[0].Cause);
        return new TsDiagnosis
        {
            Node = _node,
            State = attempt.State,
            Cause = first?.Code,
            Meaning = first?.Meaning,
            Fix = first?.Fix,
            FailureMode = first?.FailureMode,
            Findings = findings,
            Starts = _starts,
            Lines = _lines,
            UnknownLines = _unknown,
        };
    }

    /// <summary>One start of the container.</summary>
    private sealed class Attempt
    {
        private static readonly TsCheckCause[] s_passing =
        [
            Causes.ControlPlaneUnreachable,
            Causes.ControlPlaneError,
            Causes.ControlPlaneNotTrusted,
            Causes.ResolverBroken,
            Causes.LoginFailed,
        ];

        private readonly Dictionary<TsCheckCause, (LogPattern Pattern, int Count, int Line, string Text)> _found = [];
        private bool _succeeded;

        public bool Decided =>
            _succeeded || _found.Values.Any(found => found.Pattern.Meaning is LogMeaning.Failure or LogMeaning.Generic);

        public TsDiagnosisState State =>
            _found.Values.Any(found => found.Pattern.Meaning is LogMeaning.Failure or LogMeaning.Generic)
                ? TsDiagnosisState.Failing
            : _found.Count > 0 ? TsDiagnosisState.Troubled
            : _succeeded ? TsDiagnosisState.Healthy
            : TsDiagnosisState.Unknown;

        // Being in the tailnet is proof that what failed before no longer does; trouble stays.
        public void Succeed()
        {
            _succeeded = true;
            foreach (
                var cause in _found.Keys.Where(cause => _found[cause].Pattern.Meaning != LogMeaning.Trouble).ToArray()
            )
                _found.Remove(cause);
        }

        public void Add(LogPattern pattern, int line, string text)
        {
            // A node in the tailnet loses its control connection now and then and gets it back without a word.
            if (_succeeded && s_passing.Contains(pattern.Cause!))
                return;
            var count = _found.TryGetValue(pattern.Cause!, out var before) ? before.Count : 0;
            _found[pattern.Cause!] = (pattern, count + 1, line, text);
        }

        public IReadOnlyList<TsDiagnosisFinding> Findings() =>
            [
                .. _found
                    .OrderBy(pair =>
                        pair.Value.Pattern.Meaning switch
                        {
                            LogMeaning.Failure => 0,
                            LogMeaning.Generic => 1,
                            _ => 2,
                        }
                    )
                    .ThenBy(pair => Rank(pair.Value.Pattern))
                    .Select(pair => new TsDiagnosisFinding(
                        pair.Key.Code,
                        pair.Value.Count,
                        pair.Value.Line,
                        Shown(pair.Value.Text),
                        pair.Key.Meaning,
                        pair.Key.Fix,
                        pair.Value.Pattern.Seen
                    )),
            ];

        private static int Rank(LogPattern pattern)
        {
            for (var i = 0; i < LogPatterns.All.Count; i++)
                if (ReferenceEquals(LogPatterns.All[i], pattern))
                    return i;
            return int.MaxValue;
        }

        private static string Shown(string text)
        {
            var safe = Redactor.Mask(text);
            return safe.Length > ExampleLength ? safe[..ExampleLength] + "…" : safe;
        }
    }
}
