using System.Security.Cryptography;

namespace TalosTailscale.Lab.Images;

/// <summary>Passes on what is written and hashes it.</summary>
internal sealed class HashingStream(Stream output, HashAlgorithmName[] algorithms) : Stream
{
    private readonly IncrementalHash[] _hashes = [.. algorithms.Select(IncrementalHash.CreateHash)];

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public byte[][] Digests() => [.. _hashes.Select(h => h.GetHashAndReset())];

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        output.Write(buffer);
        foreach (var hash in _hashes)
            hash.AppendData(buffer);
    }

    public override void Flush() => output.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        foreach (var hash in _hashes)
            hash.Dispose();
        base.Dispose(disposing);
    }
}
