using System.Buffers.Binary;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace TalosTailscale.Core.Images.Compression;

/// <summary>Zstandard frames (RFC 8878): their length without decoding, and decoding with bounded memory.</summary>
internal static class ZstdFrame
{
    /// <summary>The largest window taken, as a power of two: 32 MiB, twice what the Talos imager uses.</summary>
    public const int MaxWindowLog = 25;

    private const uint Magic = 0xFD2FB528;

    public static bool IsFrame(uint magic) => magic == Magic;

    public static bool IsSkippable(uint magic) => (magic & 0xFFFFFFF0) == 0x184D2A50;

    /// <summary>Walks from block header to block header, so that the cost is that of some hundred small reads.</summary>
    public static async ValueTask<long> FindEndAsync(ScanBuffer scan, long start, CancellationToken cancellationToken)
    {
        var head = await scan.GetAsync(start, 8, "a zstd frame", cancellationToken).ConfigureAwait(false);
        if (IsSkippable(BinaryPrimitives.ReadUInt32LittleEndian(head.Span)))
            return CheckEnd(scan, start + 8 + BinaryPrimitives.ReadUInt32LittleEndian(head.Span[4..]));

        var descriptor = head.Span[4];
        if ((descriptor & 0x08) != 0)
            throw Malformed(scan.Reader, start, "a zstd frame with a reserved bit set");
        var single = (descriptor & 0x20) != 0;
        var sizeLength = (descriptor >> 6) switch
        {
            0 => single ? 1 : 0,
            1 => 2,
            2 => 4,
            _ => 8,
        };
        var dictionaryLength = (descriptor & 3) switch
        {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => 4,
        };
        if (dictionaryLength != 0)
            throw Malformed(scan.Reader, start, "a zstd frame that needs a dictionary");
        CheckWindow(scan.Reader, start, single ? (byte)0 : head.Span[5]);

        var at = start + 5 + (single ? 0 : 1) + sizeLength;
        while (true)
        {
            var block = await scan.GetAsync(at, 3, "a zstd block", cancellationToken).ConfigureAwait(false);
            var header = block.Span[0] | (block.Span[1] << 8) | (block.Span[2] << 16);
            var size = header >> 3;
            at +=
                3
                + ((header >> 1) & 3) switch
                {
                    0 or 2 => size,
                    1 => 1,
                    _ => throw Malformed(scan.Reader, at, "a zstd block of the reserved type"),
                };
            if ((header & 1) != 0)
                return CheckEnd(scan, at + ((descriptor & 4) != 0 ? 4 : 0));
        }
    }

    public static Stream Open(Stream frames)
    {
        var decoder = new DecompressionStream(frames, 64 * 1024, leaveOpen: true);
        decoder.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxWindowLog);
        return decoder;
    }

    private static void CheckWindow(RandomReader reader, long start, byte descriptor)
    {
        var log = 10 + (descriptor >> 3);
        if (log < MaxWindowLog || (log == MaxWindowLog && (descriptor & 7) == 0))
            return;
        throw ImageErrors.DecompressionLimitExceeded.New(
            $"'{reader.Name}' has a zstd frame at offset {start} that needs a window of over {1 << (MaxWindowLog - 20)} MiB.",
            reader.Name
        );
    }

    private static long CheckEnd(ScanBuffer scan, long end) =>
        end <= scan.Length
            ? end
            : throw ImageErrors.ImageTruncated.New(
                $"'{scan.Reader.Name}' ends at byte {scan.Length}, but a zstd frame in it ends at {end}.",
                scan.Reader.Name
            );

    private static TsException Malformed(RandomReader reader, long at, string what) =>
        ImageErrors.CompressedDataMalformed.New($"'{reader.Name}' has {what} at offset {at}.", reader.Name);
}
