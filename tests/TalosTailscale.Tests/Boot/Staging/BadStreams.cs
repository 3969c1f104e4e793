namespace TalosTailscale.Tests.Boot.Staging;

/// <summary>A file that somebody cuts off.</summary>
internal sealed class EndingStream(Stream inner, long end) : WrappedStream(inner)
{
    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer,
        CancellationToken cancellationToken = default
    ) => await Inner.ReadAsync(buffer[..(int)Math.Clamp(end - Position, 0, buffer.Length)], cancellationToken);
}

/// <summary>A file into which somebody writes.</summary>
internal sealed class OtherStream(Stream inner) : WrappedStream(inner)
{
    private const long Where = StagingLab.Middle;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        long at = Position;
        int read = await Inner.ReadAsync(buffer, cancellationToken);
        if (at <= Where && Where < at + read)
            buffer.Span[(int)(Where - at)] ^= 1;
        return read;
    }
}

/// <summary>A file on a disk that is pulled out.</summary>
internal sealed class BrokenStream(Stream inner, long end) : WrappedStream(inner)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Position >= end
            ? throw new IOException("The device is not ready.")
            : Inner.ReadAsync(buffer, cancellationToken);
}

/// <summary>Another stream, to be read asynchronously.</summary>
internal abstract class WrappedStream(Stream inner) : Stream
{
    protected Stream Inner => inner;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public abstract override ValueTask<int> ReadAsync(
        Memory<byte> buffer,
        CancellationToken cancellationToken = default
    );

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
