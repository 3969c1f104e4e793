namespace TalosTailscale.Core.Images;

/// <summary>
/// Reads at an offset from a seekable stream and never trusts a length: what lies outside is an
/// <see cref="ImageErrors.ImageTruncated"/> that names the file. Not for use by two threads at once.
/// </summary>
internal sealed class RandomReader
{
    private readonly Stream _stream;

    public RandomReader(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek || !stream.CanRead)
            throw new ArgumentException("The stream must be readable and seekable.", nameof(stream));
        _stream = stream;
        Name = name;
        Length = stream.Length;
    }

    public string Name { get; }

    public long Length { get; }

    public bool Holds(long offset, long count) => offset >= 0 && count >= 0 && offset <= Length - count;

    public Stream Slice(long offset, long count, string what)
    {
        Require(offset, count, what);
        return new SubStream(_stream, offset, count);
    }

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer, string what, CancellationToken cancellationToken)
    {
        Require(offset, buffer.Length, what);
        _stream.Position = offset;
        var read = await _stream
            .ReadAtLeastAsync(buffer, buffer.Length, false, cancellationToken)
            .ConfigureAwait(false);
        if (read < buffer.Length)
            throw Truncated(offset + read, offset, buffer.Length, what);
    }

    /// <summary>Reads a piece whose length was checked by the caller against what is sensible for it.</summary>
    public async ValueTask<byte[]> ReadAsync(long offset, int count, string what, CancellationToken cancellationToken)
    {
        Require(offset, count, what);
        var buffer = new byte[count];
        await ReadAsync(offset, buffer.AsMemory(), what, cancellationToken).ConfigureAwait(false);
        return buffer;
    }

    private void Require(long offset, long count, string what)
    {
        if (!Holds(offset, count))
            throw Truncated(Length, offset, count, what);
    }

    private TsException Truncated(long end, long offset, long count, string what) =>
        ImageErrors.ImageTruncated.New(
            $"'{Name}' ends at byte {end}, but {what} should be {count} bytes at offset {offset}.",
            Name
        );
}
