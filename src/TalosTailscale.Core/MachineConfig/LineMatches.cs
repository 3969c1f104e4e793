namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// The lines that two texts have in common, in time linear in their length: equal ends first, then lines that each text
/// has exactly once as anchors (the patience algorithm), and line by line only what stays between two anchors.
/// </summary>
internal sealed class LineMatches
{
    // Each level of anchors is linear; texts made to need many levels get a coarser answer instead of a slower one.
    private const int MaximumLevels = 12;

    private readonly string _old;
    private readonly string _now;
    private readonly int[] _oldStarts;
    private readonly int[] _nowStarts;
    private readonly int[] _oldIds;
    private readonly int[] _nowIds;
    private readonly Action<LineMatches, int, int, int, int> _small;
    private readonly List<(int Old, int Now, int Count)> _runs = [];

    private LineMatches(string old, string now, Action<LineMatches, int, int, int, int> small)
    {
        (_old, _now, _small) = (old, now, small);
        _oldStarts = Starts(old);
        _nowStarts = Starts(now);
        _oldIds = new int[_oldStarts.Length - 1];
        _nowIds = new int[_nowStarts.Length - 1];
        Number();
    }

    /// <summary>Lines of the text before.</summary>
    public int OldCount => _oldIds.Length;

    /// <summary>Lines of the text after.</summary>
    public int NowCount => _nowIds.Length;

    /// <summary>Runs of equal lines, in order: first line before, first line after, how many.</summary>
    public IReadOnlyList<(int Old, int Now, int Count)> Runs => _runs;

    /// <summary>Compares two texts.</summary>
    /// <param name="old">The text before.</param>
    /// <param name="now">The text after.</param>
    /// <param name="small">Matches a small part, line by line, by calling <see cref="Match"/>.</param>
    public static LineMatches Find(string old, string now, Action<LineMatches, int, int, int, int> small)
    {
        var matches = new LineMatches(old, now, small);
        matches.Compare(0, matches.OldCount, 0, matches.NowCount, 0);
        return matches;
    }

    /// <summary>A line of the text before, without its end.</summary>
    public ReadOnlySpan<char> OldLine(int line) => Line(_old, _oldStarts, line);

    /// <summary>A line of the text after, without its end.</summary>
    public ReadOnlySpan<char> NowLine(int line) => Line(_now, _nowStarts, line);

    /// <summary>The line is the last one and has no end.</summary>
    public bool IsOldUnended(int line) => line == OldCount - 1 && !_old.EndsWith('\n');

    /// <summary>The line is the last one and has no end.</summary>
    public bool IsNowUnended(int line) => line == NowCount - 1 && !_now.EndsWith('\n');

    /// <summary>Numbers of lines of the text before; equal lines have equal numbers.</summary>
    public ReadOnlySpan<int> OldIds(int from, int to) => _oldIds.AsSpan(from, to - from);

    /// <summary>Numbers of lines of the text after; equal lines have equal numbers.</summary>
    public ReadOnlySpan<int> NowIds(int from, int to) => _nowIds.AsSpan(from, to - from);

    /// <summary>Adds equal lines, after those that were added before.</summary>
    public void Match(int old, int now, int count)
    {
        if (count == 0)
            return;
        if (_runs.Count > 0 && _runs[^1] is var last && last.Old + last.Count == old && last.Now + last.Count == now)
            _runs[^1] = (last.Old, last.Now, last.Count + count);
        else
            _runs.Add((old, now, count));
    }

    private bool Same(int old, int now) => _oldIds[old] == _nowIds[now];

    private static int[] Starts(string text)
    {
        var starts = new List<int>(text.Length / 24 + 16) { 0 };
        for (int at = text.IndexOf('\n') + 1; at > 0 && at < text.Length; at = text.IndexOf('\n', at) + 1)
            starts.Add(at);
        if (text.Length > 0)
            starts.Add(text.Length);
        return [.. starts];
    }

    private static ReadOnlySpan<char> Line(string text, int[] starts, int line) =>
        text.AsSpan(starts[line], starts[line + 1] - starts[line]).TrimEnd("\r\n");

    // Equal lines get equal numbers: an open hash table over the lines of both texts.
    private void Number()
    {
        int total = OldCount + NowCount;
        int size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, total * 2));
        var table = new int[size];
        for (int i = 0; i < total; i++)
        {
            ReadOnlySpan<char> line = LineOf(i, out bool unended);
            int at = string.GetHashCode(line) & (size - 1);
            while (table[at] != 0 && !(LineOf(table[at] - 1, out bool other).SequenceEqual(line) && other == unended))
                at = (at + 1) & (size - 1);
            if (table[at] == 0)
                table[at] = i + 1;
            if (i < OldCount)
                _oldIds[i] = table[at] - 1;
            else
                _nowIds[i - OldCount] = table[at] - 1;
        }
    }

    private ReadOnlySpan<char> LineOf(int index, out bool unended)
    {
        bool old = index < OldCount;
        int line = old ? index : index - OldCount;
        unended = old ? IsOldUnended(line) : IsNowUnended(line);
        return old ? OldLine(line) : NowLine(line);
    }

    private void Compare(int old, int oldEnd, int now, int nowEnd, int level)
    {
        int start = 0;
        while (old + start < oldEnd && now + start < nowEnd && Same(old + start, now + start))
            start++;
        Match(old, now, start);
        (old, now) = (old + start, now + start);
        int tail = 0;
        while (old < oldEnd - tail && now < nowEnd - tail && Same(oldEnd - tail - 1, nowEnd - tail - 1))
            tail++;
        Between(old, oldEnd - tail, now, nowEnd - tail, level);
        Match(oldEnd - tail, nowEnd - tail, tail);
    }

    private void Between(int old, int oldEnd, int now, int nowEnd, int level)
    {
        if (old == oldEnd || now == nowEnd)
            return;
        List<(int Old, int Now)> anchors = level == MaximumLevels ? [] : Anchors(old, oldEnd, now, nowEnd);
        if (anchors.Count == 0)
        {
            _small(this, old, oldEnd, now, nowEnd);
            return;
        }

        foreach ((int anchor, int partner) in anchors)
        {
            if (anchor < old)
                continue; // Taken by the run of the anchor before.
            Compare(old, anchor, now, partner, level + 1);
            int count = 0;
            while (anchor + count < oldEnd && partner + count < nowEnd && Same(anchor + count, partner + count))
                count++;
            Match(anchor, partner, count);
            (old, now) = (anchor + count, partner + count);
        }

        Compare(old, oldEnd, now, nowEnd, level + 1);
    }

    // Lines that both parts have once, as many as keep their order.
    private List<(int Old, int Now)> Anchors(int old, int oldEnd, int now, int nowEnd)
    {
        var places = new Dictionary<int, (int Old, int Now)>(oldEnd - old);
        for (int i = old; i < oldEnd; i++)
            places[_oldIds[i]] = places.ContainsKey(_oldIds[i]) ? (-1, -1) : (i, -2);
        for (int i = now; i < nowEnd; i++)
        {
            if (places.TryGetValue(_nowIds[i], out (int Old, int Now) place))
                places[_nowIds[i]] = place.Now == -2 ? (place.Old, i) : (-1, -1);
        }

        return Increasing([.. places.Values.Where(place => place.Now >= 0).OrderBy(place => place.Old)]);
    }

    // Longest increasing subsequence by the places after.
    private static List<(int Old, int Now)> Increasing((int Old, int Now)[] places)
    {
        var tops = new List<int>();
        var before = new int[places.Length];
        for (int i = 0; i < places.Length; i++)
        {
            int low = 0;
            int high = tops.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (places[tops[middle]].Now < places[i].Now)
                    low = middle + 1;
                else
                    high = middle;
            }

            before[i] = low == 0 ? -1 : tops[low - 1];
            if (low == tops.Count)
                tops.Add(i);
            else
                tops[low] = i;
        }

        var chosen = new List<(int Old, int Now)>(tops.Count);
        for (int i = tops.Count == 0 ? -1 : tops[^1]; i >= 0; i = before[i])
            chosen.Add(places[i]);
        chosen.Reverse();
        return chosen;
    }
}
