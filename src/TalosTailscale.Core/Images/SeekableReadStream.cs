namespace TalosTailscale.Core.Images;

/// <summary>A <see cref="ReadStream"/> with a position; beyond its end it reads nothing.</summary>
internal abstract class SeekableReadStream : ReadStream
{
    private long _position;

    public override bool CanSeek => true;

    public abstract override long Length { get; }

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = checked(
            offset
            + origin switch
            {
                SeekOrigin.Begin => 0,
                SeekOrigin.Current => _position,
                _ => Length,
            }
        );
}
