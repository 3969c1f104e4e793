using System.Diagnostics;
using System.Management.Automation;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Commands;

/// <summary>
/// Hands what the Core reports to the pipeline, redacted; progress at most five times a second. One for the life of a
/// cmdlet, so that what is made in <c>BeginProcessing</c> is still heard in <c>ProcessRecord</c>.
/// </summary>
internal sealed class PipelineReporter(PSCmdlet cmdlet) : IReporter
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);
    private readonly object _gate = new();
    private readonly Dictionary<(string Activity, string? Target), Bar> _bars = [];
    private PipelineQueue? _queue;

    public void Verbose(string message)
    {
        string text = ShownText.Of(message);
        Post(() => cmdlet.WriteVerbose(text));
    }

    public void Warning(string message)
    {
        string text = ShownText.Of(message);
        Post(() => cmdlet.WriteWarning(text));
    }

    public void Progress(ProgressStep step)
    {
        ProgressRecord? record = Next(step);
        if (record is not null)
            Post(() => cmdlet.WriteProgress(record));
    }

    /// <summary>From now on the pipeline is reached by this queue.</summary>
    public void Open(PipelineQueue queue)
    {
        lock (_gate)
            _queue = queue;
    }

    /// <summary>Takes away every bar that is still there; nothing is heard until the next <see cref="Open"/>.</summary>
    public void Close()
    {
        PipelineQueue? queue;
        List<ProgressRecord> open;
        lock (_gate)
        {
            (queue, _queue) = (_queue, null);
            open = [.. _bars.Values.Where(bar => bar.Shown).Select(bar => Completed(bar))];
            _bars.Clear();
        }

        foreach (ProgressRecord record in open)
            queue?.Post(() => cmdlet.WriteProgress(record));
    }

    private void Post(Action call)
    {
        PipelineQueue? queue;
        lock (_gate)
            queue = _queue;
        queue?.Post(call);
    }

    private ProgressRecord? Next(ProgressStep step)
    {
        lock (_gate)
        {
            if (_queue is null)
                return null;
            var key = (step.Activity, step.Target);
            if (!_bars.TryGetValue(key, out Bar? bar))
            {
                if (step.Completed)
                    return null;
                _bars[key] = bar = new Bar(FreeId(), step.Activity, step.Target);
            }

            if (step.Completed)
            {
                _bars.Remove(key);
                return bar.Shown ? Completed(bar) : null;
            }

            bool sameStatus = bar.Status == step.Status;
            if (!sameStatus)
                bar.Restart(step.Status, step.Done ?? 0);
            if (bar.Shown && sameStatus && bar.SinceUpdate.Elapsed < s_interval)
                return null;
            bar.Shown = true;
            bar.SinceUpdate.Restart();
            return Record(bar, step);
        }
    }

    // The lowest that no bar has: the host keeps a line for each number, and two bars with one would take each other's.
    private int FreeId()
    {
        int id = 1;
        while (_bars.Values.Any(bar => bar.Id == id))
            id++;
        return id;
    }

    private static ProgressRecord Record(Bar bar, ProgressStep step)
    {
        double seconds = bar.SinceStart.Elapsed.TotalSeconds;
        double rate = step.Done is { } done && seconds > 0.5 ? (done - bar.StartedAt) / seconds : 0;
        string status = step.Status;
        if (step.Done is { } moved)
            status += " " + Amount(moved, step.Total, step.Unit);
        if (rate > 0 && step.Unit is null)
            status += $", {Sizes.Text((long)rate)}/s";
        if (rate >= 1 && step.Unit is not null)
            status += $", {(long)rate}/s";
        var record = new ProgressRecord(bar.Id, bar.Title, ShownText.Of(status));
        if (step is { Done: { } now, Total: > 0 and var total })
        {
            record.PercentComplete = (int)Math.Clamp(100.0 * now / total, 0, 100);
            if (rate > 0)
                record.SecondsRemaining = (int)Math.Min(int.MaxValue, Math.Ceiling((total - now) / rate));
        }

        return record;
    }

    private static string Amount(long done, long? total, string? unit) =>
        (total, unit) switch
        {
            ({ } of, null) => $"{Sizes.Text(done)} of {Sizes.Text(of)}",
            ({ } of, _) => $"{done} of {of} {unit}",
            (null, null) => Sizes.Text(done),
            _ => $"{done} {unit}",
        };

    private static ProgressRecord Completed(Bar bar) =>
        new(bar.Id, bar.Title, "done") { RecordType = ProgressRecordType.Completed };

    private sealed class Bar(int id, string activity, string? target)
    {
        public int Id { get; } = id;

        public string Title { get; } = ShownText.Of(target is null ? activity : $"{activity}: {target}");

        public string? Status { get; private set; }

        public long StartedAt { get; private set; }

        public bool Shown { get; set; }

        public Stopwatch SinceStart { get; } = Stopwatch.StartNew();

        public Stopwatch SinceUpdate { get; } = Stopwatch.StartNew();

        public void Restart(string status, long startedAt)
        {
            Status = status;
            StartedAt = startedAt;
            SinceStart.Restart();
        }
    }
}
