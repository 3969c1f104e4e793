using System.Buffers.Binary;

namespace TalosTailscale.Core.Images.Compression;

/// <summary>A block of an .xz stream.</summary>
/// <param name="Offset">Where its header starts in the file.</param>
/// <param name="UnpaddedSize">Header, data and check, without the padding between data and check.</param>
/// <param name="Size">Length when decompressed.</param>
/// <param name="Check">Kind of the integrity check: 0 none, 1 CRC-32, 4 CRC-64, 10 SHA-256.</param>
internal sealed record XzBlock(long Offset, long UnpaddedSize, long Size, byte Check);

/// <summary>One .xz stream and where it is.</summary>
internal sealed record XzPart(Extent Extent, IReadOnlyList<XzBlock> Blocks);

/// <summary>
/// Reads the indexes of concatenated .xz streams (tukaani.org/xz/xz-file-format.txt) from the end of the file to its
/// start, so that sizes are known and blocks can be reached without decompressing what is before them.
/// </summary>
internal static class XzIndex
{
    private const int HeaderSize = 12;
    private const int MaxIndex = 1024 * 1024;
    private const int MaxStreams = 4096;

    public static ReadOnlySpan<byte> Magic => [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];

    /// <summary>The streams between two offsets, in order. Zero padding after each is left out.</summary>
    public static async Task<IReadOnlyList<XzPart>> ReadAsync(
        RandomReader file,
        long start,
        CancellationToken cancellationToken
    )
    {
        var parts = new List<XzPart>();
        var end = file.Length;
        while ((end = await SkipPaddingAsync(file, start, end, cancellationToken).ConfigureAwait(false)) > start)
        {
            if (parts.Count == MaxStreams)
                throw Malformed(file, end, $"is made of more than {MaxStreams} xz streams");
            var part = await ReadPartAsync(file, start, end, cancellationToken).ConfigureAwait(false);
            parts.Insert(0, part);
            end = part.Extent.Offset;
        }

        return parts;
    }

    private static async ValueTask<long> SkipPaddingAsync(
        RandomReader file,
        long start,
        long end,
        CancellationToken cancellationToken
    )
    {
        // Streams are multiples of four bytes; what an initrd adds as padding need not be.
        var buffer = new byte[4096];
        while (end > start)
        {
            var count = (int)Math.Min(buffer.Length, end - start);
            await file.ReadAsync(end - count, buffer.AsMemory(0, count), "padding", cancellationToken)
                .ConfigureAwait(false);
            var last = buffer.AsSpan(0, count).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
                return end - count + last + 1;
            end -= count;
        }

        return end;
    }

    private static async Task<XzPart> ReadPartAsync(
        RandomReader file,
        long start,
        long end,
        CancellationToken cancellationToken
    )
    {
        if (end - start < 2 * HeaderSize)
            throw Malformed(file, end, "is cut off");
        var footer = await file.ReadAsync(end - HeaderSize, HeaderSize, "an xz footer", cancellationToken)
            .ConfigureAwait(false);
        if (footer[10] != 'Y' || footer[11] != 'Z' || Crc.Crc32(footer.AsSpan(4, 6)) != U32(footer, 0))
            throw Malformed(file, end - HeaderSize, "has no xz footer");

        var indexSize = (U32(footer, 4) + 1L) * 4;
        if (indexSize is < 8 or > MaxIndex || indexSize > end - start - (2 * HeaderSize))
            throw Malformed(file, end, $"has an xz index of {indexSize} bytes");
        var indexAt = end - HeaderSize - indexSize;
        var index = await file.ReadAsync(indexAt, (int)indexSize, "an xz index", cancellationToken)
            .ConfigureAwait(false);
        var sizes = ParseIndex(index) ?? throw Malformed(file, indexAt, "has a damaged xz index");

        var streamAt = indexAt - HeaderSize;
        foreach (var (unpadded, _) in sizes)
        {
            streamAt -= (unpadded + 3) & ~3L;
            if (streamAt < start)
                throw Malformed(file, indexAt, "has an xz index that goes before its start");
        }

        var header = await file.ReadAsync(streamAt, HeaderSize, "an xz header", cancellationToken)
            .ConfigureAwait(false);
        if (
            !header.AsSpan().StartsWith(Magic)
            || !header.AsSpan(6, 2).SequenceEqual(footer.AsSpan(8, 2))
            || Crc.Crc32(header.AsSpan(6, 2)) != U32(header, 8)
            || header[6] != 0
        )
            throw Malformed(file, streamAt, "has no xz header");

        var blocks = new List<XzBlock>(sizes.Count);
        var at = streamAt + HeaderSize;
        foreach (var (unpadded, size) in sizes)
        {
            blocks.Add(new XzBlock(at, unpadded, size, header[7]));
            at += (unpadded + 3) & ~3L;
        }

        return new XzPart(new Extent(streamAt, end - streamAt), blocks);
    }

    private static List<(long Unpadded, long Size)>? ParseIndex(ReadOnlySpan<byte> index)
    {
        if (index[0] != 0 || Crc.Crc32(index[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(index[^4..]))
            return null;
        var rest = index[1..^4];
        var sizes = new List<(long, long)>();
        if (!TryReadNumber(ref rest, out var count) || count > rest.Length / 2)
            return null;
        var total = 0L;
        for (var i = 0L; i < count; i++)
        {
            if (!TryReadNumber(ref rest, out var unpadded) || !TryReadNumber(ref rest, out var size))
                return null;
            if (unpadded is < 5 or > long.MaxValue / 4 || size > long.MaxValue / 4 - total)
                return null;
            total += size;
            sizes.Add((unpadded, size));
        }

        return rest.Length < 4 && rest.IndexOfAnyExcept((byte)0) < 0 ? sizes : null;
    }

    /// <summary>A number of up to 63 bits, seven to a byte.</summary>
    public static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, out long value)
    {
        value = 0;
        for (var i = 0; i < 9 && i < bytes.Length; i++)
        {
            value |= (long)(bytes[i] & 0x7F) << (i * 7);
            if ((bytes[i] & 0x80) != 0)
                continue;
            bytes = bytes[(i + 1)..];
            return true;
        }

        return false;
    }

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static TsException Malformed(RandomReader file, long at, string what) =>
        ImageErrors.CompressedDataMalformed.New($"'{file.Name}' {what} at offset {at}.", file.Name);
}
