using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Iso;

/// <summary>Directory records (ECMA-119 §9.1) into entries.</summary>
internal sealed class IsoRecordReader(RandomReader file, int blockSize, RockRidge? rockRidge, bool joliet)
{
    private const int Sector = 2048;
    private const int MaxExtents = 4096; // Each may be 4 GiB.
    private const byte FlagFolder = 2,
        FlagAssociated = 4,
        FlagMoreExtents = 0x80;

    public RockRidge? RockRidge => rockRidge;

    /// <summary>Adds the entries of one extent of a folder.</summary>
    public async ValueTask AddAsync(byte[] records, List<TreeEntry> entries, CancellationToken cancellationToken)
    {
        var pending = new List<Extent>();
        for (var at = 0; at < records.Length; )
        {
            int length = records[at];
            if (length == 0)
            {
                // Records do not cross sectors: the rest of this one is empty.
                at = (at / Sector * Sector) + Sector;
                continue;
            }

            if (length < 34 || length > records.Length - at || 33 + records[at + 32] > length)
                throw Malformed($"has a directory record of {length} bytes that does not fit");
            var record = records.AsMemory(at, length);
            at += length;
            var flags = record.Span[25];
            if (IsSelfOrParent(record.Span) || (flags & FlagAssociated) != 0)
                continue;

            pending.Add(ExtentOf(record.Span));
            if (pending.Count > MaxExtents)
                throw Malformed($"has a file of more than {MaxExtents} extents");
            if ((flags & FlagMoreExtents) != 0)
                continue;
            if (await MakeAsync(record, [.. pending], cancellationToken).ConfigureAwait(false) is { } entry)
                entries.Add(entry);
            pending.Clear();
        }

        if (pending.Count > 0)
            throw Malformed("has a file whose last extent is missing");
    }

    private static bool IsSelfOrParent(ReadOnlySpan<byte> record) => record[32] == 1 && record[33] is 0 or 1;

    private Extent ExtentOf(ReadOnlySpan<byte> record) =>
        new(
            (BinaryPrimitives.ReadUInt32LittleEndian(record[2..]) + (long)record[1]) * blockSize,
            BinaryPrimitives.ReadUInt32LittleEndian(record[10..])
        );

    private async ValueTask<IsoEntry?> MakeAsync(
        ReadOnlyMemory<byte> record,
        Extent[] extents,
        CancellationToken cancellationToken
    )
    {
        int nameLength = record.Span[32];
        var isFolder = (record.Span[25] & FlagFolder) != 0;
        var name = PlainName(record.Span.Slice(33, nameLength), isFolder);
        var unreadable = record.Span[26] != 0 || record.Span[27] != 0 ? "its blocks are interleaved" : null;
        if (rockRidge is not null)
        {
            var systemUse = 33 + nameLength + ((nameLength & 1) == 0 ? 1 : 0);
            var area = systemUse < record.Length ? record[systemUse..] : default;
            var fields = await rockRidge.ReadAsync(area, cancellationToken).ConfigureAwait(false);
            if (fields.IsLink || fields.IsRelocated)
                return null;
            name = fields.Name ?? name;
            if (fields.IsCompressed)
                unreadable = "it is compressed (zisofs)";
            if (fields.ChildLink is { } child)
            {
                isFolder = true;
                extents = [await FolderAtAsync(child, cancellationToken).ConfigureAwait(false)];
            }
        }

        if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal))
            throw Malformed($"has a file with the name '{name}'");
        return new IsoEntry(name, isFolder, isFolder ? 0 : extents.Sum(e => e.Length), extents, unreadable);
    }

    // A folder that was moved says its length in its own first record only.
    private async ValueTask<Extent> FolderAtAsync(uint block, CancellationToken cancellationToken)
    {
        var offset = block * (long)blockSize;
        var self = await file.ReadAsync(offset, 34, "a relocated folder", cancellationToken).ConfigureAwait(false);
        return new Extent(offset, BinaryPrimitives.ReadUInt32LittleEndian(self.AsSpan(10)));
    }

    private string PlainName(ReadOnlySpan<byte> bytes, bool isFolder)
    {
        var name = joliet ? PrintableText.Line(Encoding.BigEndianUnicode.GetString(bytes)) : PrintableText.Ascii(bytes);
        if (isFolder)
            return name;
        var version = name.LastIndexOf(';');
        if (version > 0 && name.AsSpan(version + 1).IndexOfAnyExceptInRange('0', '9') < 0)
            name = name[..version];
        return joliet ? name : name.TrimEnd('.');
    }

    private TsException Malformed(string what) =>
        ImageErrors.IsoMalformed.New($"'{file.Name}' is not a well-formed ISO 9660 image: it {what}.", file.Name);
}
