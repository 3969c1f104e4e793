using System.Buffers.Binary;
using TalosTailscale.Core.Images.Compression;

namespace TalosTailscale.Core.Images.Initrd;

/// <summary>
/// Splits an initrd into the pieces the kernel unpacks one after the other (Documentation/driver-api/early-userspace/
/// buffer-format.rst): cpio archives, compressed or not, with zero padding between them.
/// </summary>
internal static class InitrdSpans
{
    // pzstd cuts into pieces of some MiB; a GiB of initrd stays far below.
    private const int MaxSpans = 4096;

    public static async Task<IReadOnlyList<InitrdSpan>> FindAsync(
        RandomReader initrd,
        CancellationToken cancellationToken
    )
    {
        var spans = new List<InitrdSpan>();
        var scan = new ScanBuffer(initrd);
        for (var at = 0L; ; )
        {
            at = await scan.SkipZerosAsync(at, cancellationToken).ConfigureAwait(false);
            if (at >= initrd.Length)
                return spans;
            if (spans.Count >= MaxSpans)
            {
                throw ImageErrors.DecompressionLimitExceeded.New(
                    $"'{initrd.Name}' is made of more than {MaxSpans} compressed pieces.",
                    initrd.Name
                );
            }

            var head = await scan.GetAsync(at, (int)Math.Min(8, initrd.Length - at), "an archive", cancellationToken)
                .ConfigureAwait(false);
            var compression = Recognise(initrd, at, head.Span);
            if (compression == InitrdCompression.Zstd)
            {
                var end = await ZstdFrame.FindEndAsync(scan, at, cancellationToken).ConfigureAwait(false);
                var skip = ZstdFrame.IsSkippable(BinaryPrimitives.ReadUInt32LittleEndian(head.Span));
                if (!skip)
                    spans.Add(new InitrdSpan(compression, new Extent(at, end - at)));
                at = end;
            }
            else if (compression == InitrdCompression.None)
            {
                var end = await CpioReader.FindEndAsync(initrd, at, cancellationToken).ConfigureAwait(false);
                spans.Add(new InitrdSpan(compression, new Extent(at, end - at)));
                at = end;
            }
            else if (compression == InitrdCompression.Xz)
            {
                // Sizes are at the end of each stream, so what follows must be xz to the end, as it is in Talos before 1.8.
                var parts = await XzIndex.ReadAsync(initrd, at, cancellationToken).ConfigureAwait(false);
                spans.AddRange(parts.Select(p => new InitrdSpan(compression, p.Extent) { Xz = p }));
                return spans;
            }
            else
            {
                // gzip says nowhere where it ends.
                spans.Add(new InitrdSpan(compression, new Extent(at, initrd.Length - at)));
                return spans;
            }
        }
    }

    private static InitrdCompression Recognise(RandomReader initrd, long at, ReadOnlySpan<byte> head)
    {
        if (CpioReader.IsMagic(head))
            return InitrdCompression.None;
        if (head.Length >= 4)
        {
            var magic = BinaryPrimitives.ReadUInt32LittleEndian(head);
            if (ZstdFrame.IsFrame(magic) || (ZstdFrame.IsSkippable(magic) && head.Length == 8))
                return InitrdCompression.Zstd;
        }

        if (head.StartsWith(XzIndex.Magic))
            return InitrdCompression.Xz;
        if (head.StartsWith(GzipMagic))
            return InitrdCompression.Gzip;
        var other = head switch
        {
            [0x02, 0x21, 0x4C, 0x18, ..] or [0x04, 0x22, 0x4D, 0x18, ..] => "lz4",
            [0x5D, 0x00, 0x00, ..] => "lzma",
            [(byte)'B', (byte)'Z', (byte)'h', ..] => "bzip2",
            [0x89, (byte)'L', (byte)'Z', (byte)'O', ..] => "lzo",
            _ => null,
        };
        throw other is null
            ? ImageErrors.InitrdMalformed.New(
                $"'{initrd.Name}' has neither a cpio archive nor compressed data at offset {at}.",
                initrd.Name
            )
            : ImageErrors.CompressionUnsupported.New(
                $"'{initrd.Name}' is compressed with {other}; zstd, xz and gzip can be read.",
                initrd.Name
            );
    }

    private static ReadOnlySpan<byte> GzipMagic => [0x1F, 0x8B, 8];
}
