using System.Diagnostics;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Reads on from another stream and tells how far it has come.</summary>
internal sealed class MeteredStream(Stream inner, long total, string activity, string node, IReporter reporter)
    : ReadStream
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(250);

    private long? _told;

    public override long Position
    {
        get => inner.Position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Never more than was announced: the file may have grown since it was hashed.
        long left = total - inner.Position;
        if (left <= 0)
            return 0;
        int read = await inner
            .ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken)
            .ConfigureAwait(false);
        Tell();
        return read;
    }

    // Rate and remaining time are the reporter's: it tells both for whatever has an amount and a total.
    private void Tell()
    {
        long done = inner.Position;
        if (done < total && _told is { } told && Stopwatch.GetElapsedTime(told) < s_interval)
            return;
        _told = Stopwatch.GetTimestamp();
        reporter.Progress(new ProgressStep(activity, node, "staging", done, total));
    }
}
