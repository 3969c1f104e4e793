using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Images.Pe;

namespace TalosTailscale.Core.Images;

/// <summary>A UKI made anew, as a stream over the old one, and what was left out.</summary>
/// <param name="Content">The new UKI; reads the source, which must stay open.</param>
/// <param name="Removed">What was left out, in words.</param>
internal sealed record RebuiltUki(Stream Content, IReadOnlyList<string> Removed);

/// <summary>
/// Makes the UKI of an installer ISO fit for an installed system: only the main boot entry, no
/// <c>talos.halt_if_installed</c>, and without what no longer holds then (signature, signed PCR policies). Sections keep
/// their virtual addresses, so nothing that was linked moves; their places in the file are closed up.
/// </summary>
internal static class UkiRebuilder
{
    public static async Task<RebuiltUki> RebuildAsync(Stream source, string name, CancellationToken cancellationToken)
    {
        var file = new RandomReader(source, name);
        var image = await PeImage.ReadAsync(file, cancellationToken).ConfigureAwait(false);
        var text = await UkiText.ReadAsync(file, image, cancellationToken).ConfigureAwait(false);
        if (!text.IsForInstaller)
        {
            throw ImageErrors.UkiNothingToChange.New(
                $"'{name}' has neither 'talos.halt_if_installed' nor a 'reset' entry; an installer's UKI was expected.",
                name
            );
        }

        var removed = new List<string>();
        var kept = await SelectAsync(file, image, removed, cancellationToken).ConfigureAwait(false);
        if (image.Certificates.Length > 0)
            removed.Add("signature");
        var (segments, header) = await LayOutAsync(file, image, kept, cancellationToken).ConfigureAwait(false);
        var content = new SegmentStream(source, segments);
        // The header is in the stream by reference: the sum is taken with the field at zero and then put there.
        var sum = await PeCheckSum.ComputeAsync(content, cancellationToken).ConfigureAwait(false);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(image.CheckSumOffset), sum);
        content.Position = 0;
        return new RebuiltUki(content, removed);
    }

    private static async Task<List<Kept>> SelectAsync(
        RandomReader file,
        PeImage image,
        List<string> removed,
        CancellationToken cancellationToken
    )
    {
        var kept = new List<Kept>();
        string? profile = null;
        foreach (var section in image.Sections)
        {
            if (section.Name == ".profile")
            {
                var text = await UkiText
                    .ReadSectionAsync(file, section, UkiText.MaxText, cancellationToken)
                    .ConfigureAwait(false);
                profile = OsRelease.Parse(UkiText.Utf8(text)).GetValueOrDefault("ID") ?? "";
                if (profile != "main")
                    removed.Add($"profile '{profile}'");
            }

            if (profile is not (null or "main"))
                continue;
            if (section.Name is ".pcrsig" or ".pcrpkey")
            {
                removed.Add($"section '{section.Name}'");
                continue;
            }

            kept.Add(
                section.Name == ".cmdline"
                    ? await WithoutHaltAsync(file, section, removed, cancellationToken).ConfigureAwait(false)
                    : new Kept(section, null)
            );
        }

        return kept;
    }

    private static async ValueTask<Kept> WithoutHaltAsync(
        RandomReader file,
        PeSection section,
        List<string> removed,
        CancellationToken cancellationToken
    )
    {
        var old = StubText.Read(
            await UkiText.ReadSectionAsync(file, section, UkiText.MaxText, cancellationToken).ConfigureAwait(false)
        );
        if (!KernelCommandLine.ValuesOf(old, KernelCommandLine.HaltParameter).Any())
            return new Kept(section, null);
        removed.Add($"kernel argument '{KernelCommandLine.HaltParameter}'");
        return new Kept(
            section,
            Encoding.UTF8.GetBytes(KernelCommandLine.Without(old, KernelCommandLine.HaltParameter))
        );
    }

    private static async Task<(List<Segment> Segments, byte[] Header)> LayOutAsync(
        RandomReader file,
        PeImage image,
        List<Kept> kept,
        CancellationToken cancellationToken
    )
    {
        var alignment = Math.Max(1, image.FileAlignment);
        if (image.SizeOfHeaders > 1024 * 1024 || alignment > 64 * 1024)
        {
            throw ImageErrors.PeMalformed.New(
                $"'{file.Name}' says its headers are {image.SizeOfHeaders} bytes aligned to {alignment}.",
                file.Name
            );
        }

        var header = await file.ReadAsync(0, (int)image.SizeOfHeaders, "the headers", cancellationToken)
            .ConfigureAwait(false);
        var segments = new List<Segment> { Segment.Of(header) };
        var at = (long)header.Length;
        var places = new Dictionary<Kept, long>();
        foreach (var part in kept.OrderBy(k => k.Section.RawOffset).Where(k => k.Section.RawSize > 0))
        {
            var start = Align(at, alignment);
            segments.Add(Segment.Zeros(start - at));
            segments.Add(
                part.Content is { } bytes
                    ? Segment.Of(bytes)
                    : Segment.Copy(part.Section.RawOffset, part.Section.RawSize)
            );
            at = Align(start + part.Length, alignment);
            segments.Add(Segment.Zeros(at - start - part.Length));
            places[part] = start;
        }

        if (!WriteHeader(header, image, kept, places))
            throw ImageErrors.PeMalformed.New($"'{file.Name}' has sections that end beyond 4 GiB.", file.Name);
        return (segments, header);
    }

    // False where an address does not fit into its field.
    private static bool WriteHeader(byte[] header, PeImage image, List<Kept> kept, Dictionary<Kept, long> places)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(image.PeOffset + 6), (ushort)kept.Count);
        header.AsSpan(image.PeOffset + 12, 8).Clear(); // Symbol table: what follows the sections is not taken along.
        header.AsSpan(image.CheckSumOffset, 4).Clear();
        if (image.CertificateEntryOffset is { } entry)
            header.AsSpan(entry, 8).Clear();

        var table = header.AsSpan(image.SectionTableOffset, image.Sections.Count * 40);
        var old = table.ToArray();
        table.Clear();
        long end = 0;
        for (var i = 0; i < kept.Count; i++)
        {
            var (section, content) = kept[i];
            var row = table.Slice(i * 40, 40);
            old.AsSpan(image.IndexOf(section) * 40, 40).CopyTo(row);
            if (places.TryGetValue(kept[i], out var start))
                BinaryPrimitives.WriteUInt32LittleEndian(row[20..], checked((uint)start));
            if (content is not null)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(row[8..], (uint)content.Length);
                BinaryPrimitives.WriteUInt32LittleEndian(
                    row[16..],
                    (uint)Align(content.Length, Math.Max(1, image.FileAlignment))
                );
            }

            long size = content is null ? Math.Max(section.VirtualSize, section.RawSize) : content.Length;
            end = Math.Max(end, section.VirtualAddress + size);
        }

        var sizeOfImage = Align(end, Math.Max(1, image.SectionAlignment));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(image.OptionalHeaderOffset + 56), (uint)sizeOfImage);
        return sizeOfImage <= uint.MaxValue;
    }

    private static long Align(long value, long alignment) => (value + alignment - 1) / alignment * alignment;

    /// <summary>A section that stays, with its new content where that changes.</summary>
    private sealed record Kept(PeSection Section, byte[]? Content)
    {
        public long Length => Content is null ? Section.RawSize : Content.Length;
    }
}
