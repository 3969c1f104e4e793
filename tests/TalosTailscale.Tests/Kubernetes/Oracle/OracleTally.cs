using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace TalosTailscale.Tests.Kubernetes.Oracle;

/// <summary>Counts what was compared, and keeps where the two differ.</summary>
internal sealed class OracleTally
{
    private readonly ConcurrentDictionary<string, (int Same, int Other)> _facts = new(StringComparer.Ordinal);
    private int _total;
    private int _strict;

    internal int Total => _total;

    internal int Accepted { get; private set; }

    internal int Refused { get; private set; }

    internal ConcurrentQueue<string> Disagreements { get; } = new();

    internal void Count() => Interlocked.Increment(ref _total);

    internal void Strict() => Interlocked.Increment(ref _strict);

    internal bool Compare(OracleCase one, string fact, string theirs, string ours, string note)
    {
        bool same = theirs == ours;
        lock (_facts)
        {
            (int yes, int no) = _facts.GetValueOrDefault(fact);
            _facts[fact] = same ? (yes + 1, no) : (yes, no + 1);
            if (fact == "refusal" && theirs == "accepted")
                Accepted++;
            else if (fact == "refusal")
                Refused++;
        }

        if (!same)
            Disagreements.Enqueue($"{one}: {fact}: kubectl '{theirs}', ours '{ours}' {note}");
        return same;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{_total} kubeconfigs: {Accepted} that kubectl accepts, {Refused} that it refuses, {_strict} that ours refuses on purpose\n"
        );
        foreach ((string fact, (int same, int other)) in _facts.OrderBy(one => one.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"{fact}: {same} agree, {other} disagree\n");
        foreach (string line in Disagreements.Take(40))
            text.Append(line).Append('\n');
        return text.ToString();
    }
}
