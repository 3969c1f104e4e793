using System.Buffers.Binary;
using System.Security.Cryptography;
using SharpCompress.Compressors.LZMA;

namespace TalosTailscale.Core.Images.Compression;

/// <summary>Decompresses one block of an .xz stream and holds it to its check.</summary>
internal sealed class XzBlockDecoder : IDisposable
{
    private const byte Lzma2 = 0x21;
    private const long MaxDictionary = 32 << 20;

    private readonly RandomReader _file;
    private readonly XzBlock _block;
    private readonly long _checkAt;
    private readonly BufferedStream _input;
    private readonly LzmaStream _decoder;
    private readonly IncrementalHash? _sha256;
    private uint _crc32 = uint.MaxValue;
    private ulong _crc64 = ulong.MaxValue;

    private XzBlockDecoder(RandomReader file, XzBlock block, Extent data, byte dictionary, int checkSize)
    {
        _file = file;
        _block = block;
        // Padding to four bytes stands between data and check, and the size leaves it out.
        _checkAt = block.Offset + ((block.UnpaddedSize + 3) & ~3L) - checkSize;
        // The decoder asks for single bytes.
        _input = new BufferedStream(file.Slice(data.Offset, data.Length, "an xz block"), 64 * 1024);
        _decoder = LzmaStream.Create([dictionary], _input, data.Length, block.Size, null!, true, true);
        if (block.Check == 10)
            _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    /// <summary>How many bytes came out so far.</summary>
    public long Position { get; private set; }

    public static async Task<XzBlockDecoder> OpenAsync(
        RandomReader file,
        XzBlock block,
        CancellationToken cancellationToken
    )
    {
        var first = await file.ReadAsync(block.Offset, 1, "an xz block header", cancellationToken)
            .ConfigureAwait(false);
        var headerSize = (first[0] + 1) * 4;
        var checkSize = block.Check switch
        {
            0 => 0,
            <= 3 => 4,
            <= 6 => 8,
            <= 9 => 16,
            <= 12 => 32,
            _ => 64,
        };
        if (first[0] == 0 || headerSize + checkSize >= block.UnpaddedSize)
            throw Malformed(file, block, "has no block header");
        var header = await file.ReadAsync(block.Offset, headerSize, "an xz block header", cancellationToken)
            .ConfigureAwait(false);
        var dictionary = ParseHeader(header)
            ?? throw Malformed(file, block, "has a block header that is damaged or names other filters than LZMA2");
        // No more than the block can refer to: its own length.
        while (dictionary > 0 && DictionarySize((byte)(dictionary - 1)) >= block.Size)
            dictionary--;
        if (DictionarySize(dictionary) > MaxDictionary)
        {
            throw ImageErrors.DecompressionLimitExceeded.New(
                $"'{file.Name}' needs {DictionarySize(dictionary)} bytes of memory to decompress; at most {MaxDictionary} are given.",
                file.Name
            );
        }

        var data = new Extent(block.Offset + headerSize, block.UnpaddedSize - headerSize - checkSize);
        return new XzBlockDecoder(file, block, data, dictionary, checkSize);
    }

    /// <summary>Reads on; 0 only after the end, which has been held to the check.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Position == _block.Size)
            return 0;
        var read = Decode(buffer.Span[..(int)Math.Min(buffer.Length, _block.Size - Position)]);
        if (read == 0)
            throw Malformed(_file, _block, "is cut off");
        Update(buffer.Span[..read]);
        Position += read;
        if (Position == _block.Size)
            await CheckAsync(cancellationToken).ConfigureAwait(false);
        return read;
    }

    public void Dispose()
    {
        _decoder.Dispose();
        _input.Dispose();
        _sha256?.Dispose();
    }

    private static long DictionarySize(byte bits) =>
        bits >= 40 ? uint.MaxValue : (2L | (bits & 1)) << ((bits / 2) + 11);

    private static byte? ParseHeader(ReadOnlySpan<byte> header)
    {
        if (Crc.Crc32(header[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(header[^4..]))
            return null;
        var flags = header[1];
        if ((flags & 0x3F) != 0)
            return null; // More than one filter, or reserved bits.
        var rest = header[2..^4];
        if ((flags & 0x40) != 0 && !XzIndex.TryReadNumber(ref rest, out _))
            return null;
        if ((flags & 0x80) != 0 && !XzIndex.TryReadNumber(ref rest, out _))
            return null;
        return rest is [Lzma2, 1, <= 40 and var dictionary, ..] ? dictionary : null;
    }

    private int Decode(Span<byte> buffer)
    {
        try
        {
            // Work of the processor; the file below is read in pieces of 64 KiB.
            return _decoder.Read(buffer);
        }
        catch (Exception e) when (e is not OutOfMemoryException and not TsException)
        {
            // The decoder answers damaged data with exceptions of many types.
            throw Malformed(_file, _block, "cannot be decompressed", e);
        }
    }

    private void Update(ReadOnlySpan<byte> data)
    {
        if (_block.Check == 1)
            _crc32 = Crc.Update32(_crc32, data);
        if (_block.Check == 4)
            _crc64 = Crc.Update64(_crc64, data);
        _sha256?.AppendData(data);
    }

    private async ValueTask CheckAsync(CancellationToken cancellationToken)
    {
        var computed = new byte[32];
        int length;
        switch (_block.Check)
        {
            case 1:
                BinaryPrimitives.WriteUInt32LittleEndian(computed, ~_crc32);
                length = 4;
                break;
            case 4:
                BinaryPrimitives.WriteUInt64LittleEndian(computed, ~_crc64);
                length = 8;
                break;
            case 10:
                length = _sha256!.GetHashAndReset(computed);
                break;
            default:
                return;
        }

        var stored = await _file.ReadAsync(_checkAt, length, "an xz check", cancellationToken).ConfigureAwait(false);
        if (!stored.AsSpan().SequenceEqual(computed.AsSpan(0, length)))
            throw Malformed(_file, _block, "fails its check");
    }

    private static TsException Malformed(RandomReader file, XzBlock block, string what, Exception? inner = null) =>
        ImageErrors.CompressedDataMalformed.New(
            $"'{file.Name}' has an xz block at offset {block.Offset} that {what}.",
            file.Name,
            inner
        );
}
