using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Iso;

/// <summary>
/// An ISO 9660 image (ECMA-119), levels 1 to 3: the tree with Rock Ridge names where they are, else Joliet, else plain,
/// and the El Torito boot images. Written from the standards; the public part of it is <see cref="IFileTree"/>.
/// </summary>
internal sealed class IsoImage : IFileTree
{
    private const int Sector = 2048;
    private const int FirstDescriptor = 16;
    private const int MaxDescriptors = 64;
    private const int MaxFolder = 16 * 1024 * 1024;

    private readonly RandomReader _file;
    private readonly IsoRecordReader _records;
    private readonly IsoEntry _root;

    private IsoImage(RandomReader file, IsoRecordReader records, IsoEntry root)
    {
        _file = file;
        _records = records;
        _root = root;
    }

    public required string VolumeId { get; init; }

    public bool HasRockRidge => _records.RockRidge is not null;

    public bool HasJoliet { get; private init; }

    public IReadOnlyList<ElToritoEntry> BootImages { get; private init; } = [];

    public static async Task<bool> IsIsoAsync(RandomReader file, CancellationToken cancellationToken)
    {
        if (!file.Holds(FirstDescriptor * Sector, 6))
            return false;
        var head = await file.ReadAsync(FirstDescriptor * Sector, 6, "a volume descriptor", cancellationToken)
            .ConfigureAwait(false);
        return head.AsSpan(1).SequenceEqual("CD001"u8);
    }

    public static async Task<IsoImage> OpenAsync(RandomReader file, CancellationToken cancellationToken)
    {
        byte[]? primary = null,
            joliet = null;
        long? catalog = null;
        for (var i = 0; ; i++)
        {
            if (i == MaxDescriptors)
                throw Malformed(file, $"has more than {MaxDescriptors} volume descriptors");
            var descriptor = await file.ReadAsync(
                    (FirstDescriptor + i) * (long)Sector,
                    Sector,
                    "a volume descriptor",
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (!descriptor.AsSpan(1, 5).SequenceEqual("CD001"u8))
                throw Malformed(file, "lacks the end of its volume descriptors");
            if (descriptor[0] == 255)
                break;
            if (descriptor[0] == 0 && descriptor.AsSpan(7).StartsWith("EL TORITO SPECIFICATION"u8))
                catalog ??= (long)BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(71)) * Sector;
            if (descriptor[0] == 1)
                primary ??= descriptor;
            if (descriptor[0] == 2 && IsJoliet(descriptor))
                joliet ??= descriptor;
        }

        if (primary is null)
            throw Malformed(file, "has no primary volume descriptor");
        var root = RootOf(file, primary);
        var rockRidge = await RockRidge
            .DetectAsync(file, root.Extents[0], BlockSize(file, primary), cancellationToken)
            .ConfigureAwait(false);
        var useJoliet = rockRidge is null && joliet is not null;
        var records = new IsoRecordReader(file, BlockSize(file, useJoliet ? joliet! : primary), rockRidge, useJoliet);
        return new IsoImage(file, records, useJoliet ? RootOf(file, joliet!) : root)
        {
            VolumeId = PrintableText.Ascii(primary.AsSpan(40, 32)).TrimEnd(' '),
            HasJoliet = joliet is not null,
            BootImages = catalog is { } at
                ? await ElTorito.ReadAsync(file, at, cancellationToken).ConfigureAwait(false)
                : [],
        };
    }

    public async Task<IReadOnlyList<TreeEntry>> ReadFolderAsync(TreeEntry? folder, CancellationToken cancellationToken)
    {
        var at = (IsoEntry?)folder ?? _root;
        var length = at.Extents.Sum(e => e.Length);
        if (length > MaxFolder)
            throw Malformed(_file, $"has a folder '{at.Name}' of {length} bytes");
        var entries = new List<TreeEntry>();
        foreach (var extent in at.Extents)
        {
            var bytes = await _file
                .ReadAsync(extent.Offset, (int)extent.Length, $"the folder '{at.Name}'", cancellationToken)
                .ConfigureAwait(false);
            await _records.AddAsync(bytes, entries, cancellationToken).ConfigureAwait(false);
        }

        return entries;
    }

    public Task<IReadOnlyList<Extent>> FindContentAsync(TreeEntry file, CancellationToken cancellationToken)
    {
        var entry = (IsoEntry)file;
        if (entry.Unreadable is { } why)
            throw ImageErrors.CompressionUnsupported.New(
                $"'{_file.Name}' holds '{entry.Name}' in a form that cannot be read: {why}.",
                _file.Name
            );
        foreach (var extent in entry.Extents)
        {
            if (_file.Holds(extent.Offset, extent.Length))
                continue;
            throw ImageErrors.ImageTruncated.New(
                $"'{_file.Name}' ends at byte {_file.Length}, but the file '{entry.Name}' in it ends at {extent.End}.",
                _file.Name
            );
        }

        return Task.FromResult(entry.Extents);
    }

    // Joliet: a supplementary descriptor with one of three escape sequences of ISO 2022 for UCS-2.
    private static bool IsJoliet(byte[] descriptor) => descriptor.AsSpan(88, 3) is [0x25, 0x2F, 0x40 or 0x43 or 0x45];

    private static int BlockSize(RandomReader file, byte[] descriptor)
    {
        int size = BinaryPrimitives.ReadUInt16LittleEndian(descriptor.AsSpan(128));
        return size is 512 or 1024 or 2048 ? size : throw Malformed(file, $"has logical blocks of {size} bytes");
    }

    private static IsoEntry RootOf(RandomReader file, byte[] descriptor)
    {
        var record = descriptor.AsSpan(156, 34);
        var block = BlockSize(file, descriptor);
        var offset = (BinaryPrimitives.ReadUInt32LittleEndian(record[2..]) + (long)record[1]) * block;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(record[10..]);
        if (length < 34)
            throw Malformed(file, "has a root folder that is too small for a record");
        return new IsoEntry("", true, 0, [new Extent(offset, length)], null);
    }

    private static TsException Malformed(RandomReader file, string what) =>
        ImageErrors.IsoMalformed.New($"'{file.Name}' is not a well-formed ISO 9660 image: it {what}.", file.Name);
}
