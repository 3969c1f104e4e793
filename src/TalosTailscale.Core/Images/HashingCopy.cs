using System.Buffers;
using System.Security.Cryptography;
using System.Threading.Channels;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images;

/// <summary>
/// Copies a stream and takes its SHA-256 on the way. Hashing has a thread of its own and is fed through a queue, so that a
/// copy takes the longer of the two times and not their sum.
/// </summary>
internal static class HashingCopy
{
    // Small enough to be in the processor's cache still when it is hashed; all of them together are 1.5 MiB.
    private const int BlockSize = 256 * 1024;
    private const int BlockCount = 6;

    /// <summary>Copies from the start to the end; the hash as 64 lower case digits.</summary>
    public static async Task<string> CopyAsync(
        Stream source,
        Stream target,
        string name,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var free = Channel.CreateUnbounded<Block>();
        var filled = Channel.CreateUnbounded<Block>(
            new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }
        );
        var blocks = Enumerable.Range(0, BlockCount).Select(_ => new Block(free.Writer)).ToArray();
        var hashing = Task.Run(() => HashAsync(filled.Reader, hash), CancellationToken.None);
        try
        {
            foreach (var block in blocks)
                free.Writer.TryWrite(block);
            var done = await CopyAsync(source, target, free.Reader, filled.Writer, Report, cancellationToken)
                .ConfigureAwait(false);
            if (done != source.Length)
            {
                throw ImageErrors.ImageTruncated.New(
                    $"'{name}' ended after {done} of {source.Length} bytes while it was copied.",
                    name
                );
            }
        }
        finally
        {
            filled.Writer.Complete();
            await hashing.ConfigureAwait(false);
            reporter.Progress(new ProgressStep("Copying UKI", name, "done", Completed: true));
            foreach (var block in blocks)
                ArrayPool<byte>.Shared.Return(block.Bytes);
        }

        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();

        void Report(long done) =>
            reporter.Progress(new ProgressStep("Copying UKI", name, "copying", done, source.Length));
    }

    private static async Task<long> CopyAsync(
        Stream source,
        Stream target,
        ChannelReader<Block> free,
        ChannelWriter<Block> filled,
        Action<long> report,
        CancellationToken cancellationToken
    )
    {
        source.Position = 0;
        for (var done = 0L; ; )
        {
            var block = await free.ReadAsync(cancellationToken).ConfigureAwait(false);
            block.Count = await source
                .ReadAtLeastAsync(block.Bytes.AsMemory(0, BlockSize), BlockSize, false, cancellationToken)
                .ConfigureAwait(false);
            if (block.Count == 0)
                return done;
            block.Take();
            filled.TryWrite(block);
            await target.WriteAsync(block.Bytes.AsMemory(0, block.Count), cancellationToken).ConfigureAwait(false);
            done += block.Count;
            block.GiveBack();
            report(done);
        }
    }

    private static async Task HashAsync(ChannelReader<Block> filled, IncrementalHash hash)
    {
        await foreach (var block in filled.ReadAllAsync().ConfigureAwait(false))
        {
            hash.AppendData(block.Bytes, 0, block.Count);
            block.GiveBack();
        }
    }

    /// <summary>A piece of the file; free again when it was both written and hashed.</summary>
    private sealed class Block(ChannelWriter<Block> free)
    {
        private int _users;

        public byte[] Bytes { get; } = ArrayPool<byte>.Shared.Rent(BlockSize);

        public int Count { get; set; }

        public void Take() => _users = 2;

        public void GiveBack()
        {
            if (Interlocked.Decrement(ref _users) == 0)
                free.TryWrite(this);
        }
    }
}
