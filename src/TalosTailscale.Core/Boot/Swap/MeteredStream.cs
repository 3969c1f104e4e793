using System.Diagnostics;
using System.Globalization;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Reads on from another stream and tells how far it has come, with rate and remaining time.</summary>
internal sealed class MeteredStream(Stream inner, long total, string activity, string node, IReporter reporter) : ReadStream
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(250);

    private readonly long _start = inner.Position;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _told = TimeSpan.MinValue;

    public override long Position
    {
        get => inner.Position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Never more than was announced: the file may have grown since it was hashed.
        long left = total - inner.Position;
        if (left <= 0) return 0;
        int read = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken).ConfigureAwait(false);
        Tell();
        return read;
    }

    private void Tell()
    {
        TimeSpan now = _clock.Elapsed;
        long done = inner.Position;
        if (done < total && _told != TimeSpan.MinValue && now - _told < s_interval) return;
        _told = now;
        double rate = now.TotalSeconds > 0 ? (done - _start) / now.TotalSeconds : 0;
        string text = rate > 0
            ? string.Create(CultureInfo.InvariantCulture, $"staging at {rate / 1048576:0.0} MiB/s, {(total - done) / rate:0} s left")
            : "staging";
        reporter.Progress(new ProgressStep(activity, node, text, done, total));
    }
}
