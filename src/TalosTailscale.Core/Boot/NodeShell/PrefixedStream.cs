using TalosTailscale.Core.Images;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>Reads some bytes first and then another stream, which stays the caller's.</summary>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream? rest) : ReadStream
{
    private int _done;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_done >= prefix.Length)
            return rest is null ? 0 : await rest.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        int count = Math.Min(buffer.Length, prefix.Length - _done);
        prefix.Slice(_done, count).CopyTo(buffer);
        _done += count;
        return count;
    }
}
