using System.Buffers;
using System.IO.Pipelines;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Counts what passes through connections, both ways, as it is on the wire.</summary>
internal sealed class KubeTraffic
{
    private long _bytes;

    internal long Bytes => Interlocked.Read(ref _bytes);

    internal IDuplexPipe Count(IDuplexPipe transport) => new Counted(transport, this);

    private void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    private sealed class Counted(IDuplexPipe inner, KubeTraffic traffic) : IDuplexPipe
    {
        public PipeReader Input { get; } = new Reader(inner.Input, traffic);

        public PipeWriter Output { get; } = new Writer(inner.Output, traffic);
    }

    private sealed class Reader(PipeReader inner, KubeTraffic traffic) : PipeReader
    {
        private ReadOnlySequence<byte> _last;

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            traffic.Add(_last.Slice(_last.Start, consumed).Length);
            _last = default;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var result = await inner.ReadAsync(cancellationToken);
            _last = result.Buffer;
            return result;
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
                return false;
            _last = result.Buffer;
            return true;
        }
    }

    private sealed class Writer(PipeWriter inner, KubeTraffic traffic) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            traffic.Add(bytes);
            inner.Advance(bytes);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            inner.FlushAsync(cancellationToken);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override async ValueTask<FlushResult> WriteAsync(
            ReadOnlyMemory<byte> source,
            CancellationToken cancellationToken = default
        )
        {
            traffic.Add(source.Length);
            return await inner.WriteAsync(source, cancellationToken);
        }
    }
}
