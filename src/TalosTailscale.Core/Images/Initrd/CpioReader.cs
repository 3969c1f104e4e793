using System.Buffers;
using System.Buffers.Text;
using TalosTailscale.Core.Images.Compression;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Initrd;

/// <summary>A member of a cpio archive.</summary>
/// <param name="Name">Path without a leading <c>./</c> or <c>/</c>.</param>
/// <param name="Size">Length of the content in bytes.</param>
internal sealed record CpioEntry(string Name, long Size);

/// <summary>
/// Reads newc archives (magic 070701, and 070702 with checksums, which the kernel does not look at either) from a
/// stream that need not be seekable.
/// </summary>
internal sealed class CpioReader(Stream stream, string name, ByteBudget budget)
{
    private const int HeaderLength = 110;
    private const int MaxPadding = 64 * 1024;
    private const int MaxName = 4096; // PATH_MAX, as in the kernel's unpacker.

    private readonly byte[] _header = new byte[HeaderLength];
    private long _position;
    private long _contentEnd;
    private long _next;

    public static bool IsMagic(ReadOnlySpan<byte> head) => head.StartsWith("070701"u8) || head.StartsWith("070702"u8);

    /// <summary>Where an uncompressed archive ends: after its trailer.</summary>
    public static async ValueTask<long> FindEndAsync(
        RandomReader reader,
        long start,
        CancellationToken cancellationToken
    )
    {
        var archive = reader.Slice(start, reader.Length - start, "a cpio archive");
        await using (archive.ConfigureAwait(false))
        {
            var cpio = new CpioReader(archive, reader.Name, new ByteBudget(long.MaxValue));
            if (!await cpio.StartAsync(cancellationToken).ConfigureAwait(false))
                throw ImageErrors.InitrdMalformed.New(
                    $"'{reader.Name}' has no cpio archive at offset {start}.",
                    reader.Name
                );
            while (await cpio.NextAsync(cancellationToken).ConfigureAwait(false) is not null) { }

            return start + cpio._position;
        }
    }

    /// <summary>
    /// Skips zero padding and looks whether an archive starts there; false at the end of the stream and, with
    /// <see cref="AtEnd"/> false, where something else starts.
    /// </summary>
    public async ValueTask<bool> StartAsync(CancellationToken cancellationToken)
    {
        _position = _next = _contentEnd = 0;
        var padding = 0;
        do
        {
            // What starts with more is no archive, but the middle of one or a file made to take time.
            if (padding++ > MaxPadding)
                return false;
            if (await ReadAsync(_header.AsMemory(0, 1), false, cancellationToken).ConfigureAwait(false) == 0)
            {
                AtEnd = true;
                return false;
            }
        } while (_header[0] == 0);

        _position = 1;
        var more = await ReadAsync(_header.AsMemory(1, 5), false, cancellationToken).ConfigureAwait(false);
        return more == 5 && IsMagic(_header);
    }

    /// <summary>True once the stream has ended.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>The next member; null after the trailer.</summary>
    public async ValueTask<CpioEntry?> NextAsync(CancellationToken cancellationToken)
    {
        if (_next > 0)
        {
            await SkipAsync(_next - _position, cancellationToken).ConfigureAwait(false);
            await ReadAsync(_header.AsMemory(0, 6), true, cancellationToken).ConfigureAwait(false);
            if (!IsMagic(_header))
                throw Malformed("lacks the magic of a member");
        }

        await ReadAsync(_header.AsMemory(6), true, cancellationToken).ConfigureAwait(false);
        var size = Field(6);
        var nameLength = Field(11);
        if (nameLength is 0 or > MaxName)
            throw Malformed($"has a member whose name is {nameLength} bytes");
        var bytes = new byte[nameLength];
        await ReadAsync(bytes, true, cancellationToken).ConfigureAwait(false);
        await SkipAsync(Align(_position) - _position, cancellationToken).ConfigureAwait(false);

        var entry = new CpioEntry(PrintableText.Line(UkiText.Utf8(bytes)), size);
        if (entry.Name == "TRAILER!!!")
            return null;
        _contentEnd = _position + size;
        _next = Align(_contentEnd);
        var bare = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name.TrimStart('/');
        return entry with { Name = bare };
    }

    /// <summary>The content of the member at hand, which must be small.</summary>
    public async ValueTask<byte[]> ReadContentAsync(int limit, CancellationToken cancellationToken)
    {
        var size = _contentEnd - _position;
        if (size > limit)
            throw Malformed($"has a member of {size} bytes where at most {limit} are expected");
        var content = new byte[size];
        await ReadAsync(content, true, cancellationToken).ConfigureAwait(false);
        return content;
    }

    private static long Align(long value) => (value + 3) & ~3L;

    private uint Field(int index)
    {
        var text = _header.AsSpan(6 + (index * 8), 8);
        return Utf8Parser.TryParse(text, out uint value, out var used, 'x') && used == 8
            ? value
            : throw Malformed("has a header that is not hexadecimal");
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, bool whole, CancellationToken cancellationToken)
    {
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, false, cancellationToken).ConfigureAwait(false);
        budget.Take(read, name);
        _position += read;
        if (whole && read < buffer.Length)
        {
            throw ImageErrors.ImageTruncated.New(
                $"'{name}' ends in the middle of a cpio archive, {_position} bytes after its start.",
                name
            );
        }

        return read;
    }

    private async ValueTask SkipAsync(long count, CancellationToken cancellationToken)
    {
        if (stream.CanSeek)
        {
            if (count > stream.Length - stream.Position)
            {
                throw ImageErrors.ImageTruncated.New(
                    $"'{name}' ends {stream.Length - stream.Position} bytes into a cpio member of {count} bytes.",
                    name
                );
            }

            stream.Position += count;
            _position += count;
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (count > 0)
            {
                var piece = buffer.AsMemory(0, (int)Math.Min(count, buffer.Length));
                count -= await ReadAsync(piece, true, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private TsException Malformed(string what) =>
        ImageErrors.InitrdMalformed.New(
            $"'{name}' is not a well-formed cpio archive: it {what}, {_position} bytes after its start.",
            name
        );
}
