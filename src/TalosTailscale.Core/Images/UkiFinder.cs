using TalosTailscale.Core.Images.Fat;
using TalosTailscale.Core.Images.Iso;
using TalosTailscale.Core.Images.Partitions;

namespace TalosTailscale.Core.Images;

/// <summary>
/// Finds UKIs in whatever holds them: a <c>.efi</c> file, an ISO (tree, else boot image), a raw disk (also compressed),
/// an image of an ESP. What it is is told from the content and not from the name.
/// </summary>
public static class UkiFinder
{
    private const string Folder = "EFI/Linux";

    /// <summary>Finds the UKIs in a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <returns>At least one place, in the order of the folder.</returns>
    /// <exception cref="TsException">
    /// <see cref="ImageErrors.UkiNotFound"/>, <see cref="ImageErrors.ImageFormatUnknown"/>, or the image is malformed.
    /// </exception>
    public static async Task<IReadOnlyList<UkiLocation>> FindAsync(
        string path,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Task<Stream> Open(CancellationToken token) => ImageStream.OpenAsync(path, token);
        var stream = await Open(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            return await FindAsync(new RandomReader(stream, path), path, Open, true, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Finds the UKIs in a stream, which must outlive the places found in it.</summary>
    /// <param name="stream">The image, seekable and not compressed.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <returns>At least one place, in the order of the folder.</returns>
    /// <exception cref="TsException">As for a file.</exception>
    public static Task<IReadOnlyList<UkiLocation>> FindAsync(
        Stream stream,
        string name,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(stream);
        return FindAsync(new RandomReader(stream, name), name, _ => Task.FromResult(stream), false, cancellationToken);
    }

    /// <summary>
    /// Leaves out UEFI programs that are no UKIs, a shell for instance, as systemd-boot does; what is broken stays, so
    /// that somebody hears of it.
    /// </summary>
    /// <param name="places">What was found.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The UKIs; everything where there is none, for the error that says so.</returns>
    public static async Task<IReadOnlyList<UkiLocation>> WithoutForeignAsync(
        IReadOnlyList<UkiLocation> places,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(places);
        var ukis = new List<UkiLocation>();
        foreach (var place in places.Count > 1 ? places : [])
            if (!await place.IsForeignAsync(cancellationToken).ConfigureAwait(false))
                ukis.Add(place);
        return ukis.Count > 0 ? ukis : places;
    }

    private static async Task<IReadOnlyList<UkiLocation>> FindAsync(
        RandomReader file,
        string path,
        Func<CancellationToken, Task<Stream>> open,
        bool owns,
        CancellationToken cancellationToken
    )
    {
        if (await StartsAsync(file, 0, "MZ"u8.ToArray(), cancellationToken).ConfigureAwait(false))
        {
            if (file.Length > uint.MaxValue)
            {
                throw ImageErrors.CompressionUnsupported.New(
                    $"'{file.Name}' is a UKI that is compressed itself; only disk images are read compressed.",
                    file.Name
                );
            }

            return [new UkiLocation(path, null, UkiContainer.File, [new Extent(0, file.Length)], open, owns)];
        }

        var places = new List<UkiLocation>();
        async Task AddAsync(IFileTree tree, UkiContainer container)
        {
            foreach (
                var candidate in await FileTree.ListFolderAsync(tree, Folder, cancellationToken).ConfigureAwait(false)
            )
            {
                if (candidate.Entry.Size == 0)
                    continue;
                var extents = await tree.FindContentAsync(candidate.Entry, cancellationToken).ConfigureAwait(false);
                // Backups have any name; what is called .efi is listed even if it is broken, so that somebody hears of it.
                if (
                    !candidate.Path.EndsWith(".efi", StringComparison.OrdinalIgnoreCase)
                    && !await StartsAsync(file, extents[0].Offset, "MZ"u8.ToArray(), cancellationToken)
                        .ConfigureAwait(false)
                )
                    continue;
                places.Add(new UkiLocation(path, candidate.Path, container, extents, open, owns));
            }
        }

        if (await IsoImage.IsIsoAsync(file, cancellationToken).ConfigureAwait(false))
        {
            var iso = await IsoImage.OpenAsync(file, cancellationToken).ConfigureAwait(false);
            await AddAsync(iso, UkiContainer.Iso).ConfigureAwait(false);
            // The boot image is a copy of the tree as Talos builds it, so it is asked only where the tree has nothing.
            foreach (
                var volume in places.Count > 0
                    ? []
                    : await BootVolumesAsync(file, iso, cancellationToken).ConfigureAwait(false)
            )
                if (places.Count == 0)
                    await AddAsync(volume, UkiContainer.IsoBootImage).ConfigureAwait(false);
        }
        else if (await FatVolume.TryOpenAsync(file, 0, cancellationToken).ConfigureAwait(false) is { } esp)
        {
            await AddAsync(esp, UkiContainer.Esp).ConfigureAwait(false);
        }
        else
        {
            foreach (var volume in await DiskVolumesAsync(file, cancellationToken).ConfigureAwait(false))
                await AddAsync(volume, UkiContainer.Disk).ConfigureAwait(false);
        }

        return places.Count > 0
            ? places
            : throw ImageErrors.UkiNotFound.New(
                $"'{file.Name}' holds no unified kernel image under '{Folder}'.",
                file.Name
            );
    }

    private static async Task<IReadOnlyList<FatVolume>> BootVolumesAsync(
        RandomReader file,
        IsoImage iso,
        CancellationToken cancellationToken
    )
    {
        // The load size in the catalogue has 16 bits and is 0 for real images, so the file system says its own length.
        var offsets = iso.BootImages.Where(b => b.IsUefi).Select(b => b.Offset).ToList();
        if (await PartitionTable.TryReadAsync(file, cancellationToken).ConfigureAwait(false) is { } table)
            offsets.AddRange(table.Partitions.Where(p => p.IsEsp).Select(p => p.Offset));
        return await OpenAsync(file, offsets.Distinct(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<FatVolume>> DiskVolumesAsync(
        RandomReader file,
        CancellationToken cancellationToken
    )
    {
        var table = await PartitionTable.TryReadAsync(file, cancellationToken).ConfigureAwait(false)
            ?? throw await UnknownAsync(file, cancellationToken).ConfigureAwait(false);
        var candidates = table.Partitions.Where(p => p.IsEsp).ToList();
        if (candidates.Count == 0)
            candidates = [.. table.Partitions.Where(p => p.IsFat)];
        return await OpenAsync(file, candidates.Select(p => p.Offset), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<FatVolume>> OpenAsync(
        RandomReader file,
        IEnumerable<long> offsets,
        CancellationToken cancellationToken
    )
    {
        var volumes = new List<FatVolume>();
        foreach (var offset in offsets)
        {
            if (await FatVolume.TryOpenAsync(file, offset, cancellationToken).ConfigureAwait(false) is { } volume)
                volumes.Add(volume);
        }

        return volumes;
    }

    private static async ValueTask<bool> StartsAsync(
        RandomReader file,
        long offset,
        byte[] magic,
        CancellationToken cancellationToken
    )
    {
        if (!file.Holds(offset, magic.Length))
            return false;
        var head = await file.ReadAsync(offset, magic.Length, "a file header", cancellationToken).ConfigureAwait(false);
        return head.AsSpan().SequenceEqual(magic);
    }

    private static async ValueTask<TsException> UnknownAsync(RandomReader file, CancellationToken cancellationToken)
    {
        var head = new byte[8];
        var count = (int)Math.Min(head.Length, file.Length);
        await file.ReadAsync(0, head.AsMemory(0, count), "a file header", cancellationToken).ConfigureAwait(false);
        var what = head.AsSpan() switch
        {
            [(byte)'Q', (byte)'F', (byte)'I', 0xFB, ..] => "a qcow2 disk",
            [(byte)'c', (byte)'o', (byte)'n', (byte)'e', (byte)'c', (byte)'t', (byte)'i', (byte)'x'] => "a VHD disk",
            [(byte)'v', (byte)'h', (byte)'d', (byte)'x', (byte)'f', (byte)'i', (byte)'l', (byte)'e'] => "a VHDX disk",
            [(byte)'P', (byte)'K', 3, 4, ..] => "a zip archive",
            _ when count == 0 => "empty",
            _ => "of no known format",
        };
        return ImageErrors.ImageFormatUnknown.New(
            $"'{file.Name}' is {what}; a UKI, an ISO, a raw disk or an ESP image was expected.",
            file.Name
        );
    }
}
