using System.Collections.Concurrent;

namespace TalosTailscale.Lab;

/// <summary>The logs of one node by service id; <c>kernel</c> is the kernel's ring buffer.</summary>
public sealed class LabLogs
{
    private readonly ConcurrentDictionary<string, LabLog> _logs = new(StringComparer.Ordinal);

    /// <summary>The ids of all logs, sorted.</summary>
    public IReadOnlyList<string> Ids => [.. _logs.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The log of one service, made when it is not there.</summary>
    /// <param name="id">For instance <c>ext-tailscale</c>.</param>
    public LabLog this[string id] => _logs.GetOrAdd(id, _ => new LabLog());

    /// <summary>Whether there is a log of this id.</summary>
    /// <param name="id">The id.</param>
    /// <returns>True if there is.</returns>
    public bool Has(string id) => _logs.ContainsKey(id);

    /// <summary>The node has gone down: the kernel's buffer is lost and followers are let go.</summary>
    internal void PowerOff()
    {
        foreach (var log in _logs.Values)
            log.LetFollowersGo();
        if (_logs.TryGetValue("kernel", out var kernel))
            kernel.Clear();
    }
}

/// <summary>One log: lines, kept up to a number, and followers who wait for more.</summary>
public sealed class LabLog
{
    private const int MaxLines = 10_000;

    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _more = NewSignal();
    private long _dropped;
    private int _generation;

    /// <summary>All lines that are kept.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    /// <summary>Adds a line.</summary>
    /// <param name="line">Without its end.</param>
    public void Add(string line)
    {
        lock (_lock)
        {
            _lines.Add(line);
            if (_lines.Count > MaxLines)
            {
                _lines.RemoveAt(0);
                _dropped++;
            }

            Signal();
        }
    }

    internal void Clear()
    {
        lock (_lock)
        {
            _dropped += _lines.Count;
            _lines.Clear();
        }
    }

    internal void LetFollowersGo()
    {
        lock (_lock)
        {
            _generation++;
            Signal();
        }
    }

    /// <summary>The last lines, then (following) each new one until the node goes down.</summary>
    /// <param name="tail">How many old lines; negative for all.</param>
    /// <param name="follow">Whether to wait for more.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async IAsyncEnumerable<string> ReadAsync(
        int tail,
        bool follow,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        long next;
        int generation;
        lock (_lock)
        {
            var skip = tail < 0 ? 0 : Math.Max(0, _lines.Count - tail);
            next = _dropped + skip;
            generation = _generation;
        }

        while (true)
        {
            string[] batch;
            Task more;
            lock (_lock)
            {
                var from = (int)Math.Max(0, next - _dropped);
                batch = [.. _lines.Skip(from)];
                next = _dropped + _lines.Count;
                more = _more.Task;
                follow &= generation == _generation;
            }

            foreach (var line in batch)
                yield return line;
            if (!follow)
                yield break;
            await more.WaitAsync(cancellationToken);
        }
    }

    private void Signal()
    {
        _more.TrySetResult();
        _more = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
