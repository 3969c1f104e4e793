namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary>Remembers which small pieces a reader asks for: the tables of the format, where mutations are worth most.</summary>
internal sealed class RecordingStream(byte[] bytes) : MemoryStream(bytes, writable: false)
{
    private const int Small = 64 * 1024;

    public List<(int Offset, int Count)> Pieces { get; } = [];

    public override int Read(Span<byte> buffer)
    {
        Record(buffer.Length);
        return base.Read(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        Record(count);
        return base.Read(buffer, offset, count);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Record(buffer.Length);
        return base.ReadAsync(buffer, cancellationToken);
    }

    private void Record(int count)
    {
        if (count is > 0 and <= Small && Position < Length)
            Pieces.Add(((int)Position, (int)Math.Min(count, Length - Position)));
    }
}
