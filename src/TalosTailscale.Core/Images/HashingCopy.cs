using System.Buffers;
using System.Security.Cryptography;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images;

/// <summary>Copies a stream and takes its SHA-256 on the way: reading, hashing and writing overlap.</summary>
internal static class HashingCopy
{
    // Large enough that a switch of threads costs nothing, small enough that two of them are no memory to speak of.
    private const int BufferSize = 1024 * 1024;

    /// <summary>Copies from the start to the end; the hash as 64 lower case digits.</summary>
    public static async Task<string> CopyAsync(
        Stream source, Stream target, string name, IReporter reporter, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var current = ArrayPool<byte>.Shared.Rent(BufferSize);
        var ahead = ArrayPool<byte>.Shared.Rent(BufferSize);
        var activity = "Copying UKI";
        try
        {
            source.Position = 0;
            var done = 0L;
            var count = await ReadAsync(current).ConfigureAwait(false);
            while (count > 0)
            {
                var write = target.WriteAsync(current.AsMemory(0, count), cancellationToken).AsTask();
                var read = ReadAsync(ahead).AsTask();
                try
                {
                    hash.AppendData(current, 0, count);
                }
                finally
                {
                    // Both use a buffer of the pool, so neither may be left behind.
                    await Task.WhenAll(write, read).ConfigureAwait(false);
                }

                done += count;
                reporter.Progress(new ProgressStep(activity, name, "copying", done, source.Length));
                count = await read.ConfigureAwait(false);
                (current, ahead) = (ahead, current);
            }

            if (done != source.Length)
            {
                throw ImageErrors.ImageTruncated.New(
                    $"'{name}' ended after {done} of {source.Length} bytes while it was copied.", name);
            }

            return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
        }
        finally
        {
            reporter.Progress(new ProgressStep(activity, name, "done", Completed: true));
            ArrayPool<byte>.Shared.Return(current);
            ArrayPool<byte>.Shared.Return(ahead);
        }

        ValueTask<int> ReadAsync(byte[] buffer) =>
            source.ReadAtLeastAsync(buffer.AsMemory(0, BufferSize), BufferSize, false, cancellationToken);
    }
}
