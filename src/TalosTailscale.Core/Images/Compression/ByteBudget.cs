namespace TalosTailscale.Core.Images.Compression;

/// <summary>How many decompressed bytes may still be looked at; stops small files that expand without end.</summary>
internal sealed class ByteBudget(long bytes)
{
    private long _left = bytes;

    /// <summary>
    /// The content of a real initrd is compressed already (squashfs), so 8 times its size is plenty, with a floor that
    /// lets small archives of text through. What takes seconds to unpack is refused before.
    /// </summary>
    public static ByteBudget ForInitrd(long compressed) =>
        new(Math.Min(1L << 30, (64L << 20) + (8 * Math.Min(compressed, 1L << 30))));

    /// <summary>A disk is empty for the most part and compresses well.</summary>
    public static ByteBudget ForDisk(long compressed) =>
        new(Math.Min(4L << 30, (64L << 20) + (64 * Math.Min(compressed, 1L << 30))));

    public void Take(int count, string name)
    {
        _left -= count;
        if (_left < 0)
            throw ImageErrors.DecompressionLimitExceeded.New(
                $"'{name}' expands to far more bytes than any real one.",
                name
            );
    }
}
