using System.Buffers.Binary;

namespace TalosTailscale.Tests.Talos;

/// <summary>Which HTTP/2 frame is the last that gets through on the first connection: from then on it is dead both ways.</summary>
internal sealed class FrameCut(bool fromServer, int last)
{
    private readonly bool _fromServer = fromServer;
    private readonly int _last = last;
    private const int PrefaceBytes = 24;

    private readonly FrameCounter _server = new(0);
    private readonly FrameCounter _client = new(PrefaceBytes);
    private int _taken;

    /// <summary>Never cuts: to count what there is to cut.</summary>
    public static FrameCut None => new(false, int.MaxValue);

    /// <summary>Whole frames seen: those of the client, those of the server.</summary>
    public (int Client, int Server) Seen => (_client.Frames, _server.Frames);

    public bool IsCut { get; private set; }

    /// <summary>Puts the cut between the server and the TLS of its first connection; later ones are left alone.</summary>
    public Stream Wrap(Stream secure, Func<Task> hangUp) =>
        Interlocked.Exchange(ref _taken, 1) == 0 ? new CutStream(this, secure, hangUp) : secure;

    public override string ToString() => $"cut after frame {_last} of the {(_fromServer ? "server" : "client")}";

    private sealed class CutStream(FrameCut cut, Stream inner, Func<Task> hangUp) : TestStream
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (cut.IsCut)
                await HangUpAsync();
            int count = await inner.ReadAsync(buffer, cancellationToken);
            if (cut.IsCut)
                await HangUpAsync();
            int passed = cut._client.Pass(buffer.Span[..count], cut._fromServer ? int.MaxValue : cut._last);
            if (passed < 0)
                return count;
            cut.IsCut = true;
            return passed;
        }

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (cut.IsCut)
                await HangUpAsync();
            int passed = cut._server.Pass(buffer.Span, cut._fromServer ? cut._last : int.MaxValue);
            await inner.WriteAsync(passed < 0 ? buffer : buffer[..passed], cancellationToken);
            if (passed < 0)
                return;
            cut.IsCut = true;
            await HangUpAsync();
        }

        public override Task FlushAsync(CancellationToken cancellationToken) =>
            cut.IsCut ? Task.CompletedTask : inner.FlushAsync(cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }

        private async Task HangUpAsync()
        {
            await hangUp();
            throw new IOException("The test cut the connection.");
        }
    }

    /// <summary>Counts the frames of one direction in whatever pieces they come.</summary>
    private sealed class FrameCounter(int preface)
    {
        private readonly byte[] _head = new byte[9];
        private int _headBytes;
        private int _skip = preface;

        public int Frames { get; private set; }

        /// <summary>How many bytes pass up to the end of that frame; -1 for all, since it has not ended.</summary>
        public int Pass(ReadOnlySpan<byte> bytes, int last)
        {
            if (Frames >= last)
                return 0;
            int at = 0;
            while (at < bytes.Length)
            {
                if (_skip > 0)
                {
                    int skipped = Math.Min(_skip, bytes.Length - at);
                    (at, _skip) = (at + skipped, _skip - skipped);
                    if (_skip > 0 || _headBytes == 0)
                        continue;
                }
                else
                {
                    _head[_headBytes++] = bytes[at++];
                    if (_headBytes < _head.Length)
                        continue;
                    _skip = BinaryPrimitives.ReadInt32BigEndian(_head) >> 8;
                    if (_skip > 0)
                        continue;
                }

                _headBytes = 0;
                if (++Frames >= last)
                    return at;
            }

            return -1;
        }
    }
}
