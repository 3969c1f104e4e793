using System.Text;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>Reads what is on a node's EFI system partition, what boots now and what boots next. Changes nothing.</summary>
internal static class EspReader
{
    private const int MaxLoaderConf = 64 * 1024;

    // 4 MiB a call: what reads a whole image reads it in some thirty calls.
    private const int WholeChunk = 1024;

    internal static async Task<EspState> ReadAsync(
        EspVolume volume,
        SwapNodeFacts facts,
        CancellationToken cancellationToken
    )
    {
        ProgramResult probe = await volume.ProbeAsync(cancellationToken).ConfigureAwait(false);
        EspListing listing = await volume.ListAsync(hash: true, cancellationToken).ConfigureAwait(false);
        (IReadOnlyDictionary<string, string> guarded, FolderRoom room) = await ClusterGuard
            .ReadAsync(volume, listing, cancellationToken)
            .ConfigureAwait(false);
        Dictionary<string, (BootFile File, UkiInfo? Uki)> images = await ReadImagesAsync(
                volume,
                listing,
                cancellationToken
            )
            .ConfigureAwait(false);

        LoaderState state = (facts.Variables.TryGet(out LoaderState? variables) ? variables : LoaderState.Empty) with
        {
            LoaderConf = await ReadLoaderConfAsync(volume, listing, cancellationToken).ConfigureAwait(false),
        };
        BootPrediction next = BootPredictor.Predict(images.Values.Select(i => i.File), state);
        string? booted = BootedFile(facts, next);
        string? bootedHash = listing.Files.FirstOrDefault(f => f.IsInLinux && Same(f.Name, booted))?.Sha256;
        EspFile[] files =
        [
            .. listing.Files.Select(f =>
            {
                bool isEntry = f.IsInLinux && next.Order.Any(e => Same(e.FileName, f.Name));
                UkiInfo? uki = f.IsInLinux && images.TryGetValue(f.Path, out var image) ? image.Uki : null;
                bool isOutgoing =
                    uki is not null
                    && bootedHash is not null
                    && f.Sha256 != bootedHash
                    && EspNames.IsStagedFor(f.Name, bootedHash);
                return new EspFile
                {
                    Path = f.Path,
                    Size = f.Size,
                    Modified = f.Modified,
                    Sha256 = f.Sha256,
                    Role = isOutgoing ? EspFileRole.Backup : EspNames.RoleOf(f.Path, isEntry),
                    IsBooted = f.IsInLinux && Same(f.Name, booted),
                    BootsNext = f.IsInLinux && Same(f.Name, next.Entry?.FileName),
                    Uki = uki,
                };
            }),
        ];
        var info = new EspInfo
        {
            Node = facts.Node,
            Device = volume.Device,
            Size = listing.Total,
            Free = listing.Free,
            BootedEntry = facts.BootedEntry.TryGet(out string? id) ? id.ToLowerInvariant() : null,
            NextBoot = next,
            VariablesRead = variables is not null,
            SecureBoot = facts.SecureBoot.TryGet(out bool enforced) ? enforced : null,
            Files = files,
        };
        var esp = new EspState(
            info with
            {
                Findings = EspFindings.Of(info, guarded, room),
            },
            listing,
            state,
            Array.Find(files, f => f.IsBooted),
            probe["exchange"] is "mv" or "perl",
            guarded,
            room
        );
        return EspFindings.RestartNeeded(esp, facts) is { } restart
            ? esp with
            {
                Info = esp.Info with { Findings = [restart, .. esp.Info.Findings] },
            }
            : esp;
    }

    // Where nothing says what was booted, the file that boots next is the best guess to show; the gate NextBoot refuses.
    private static string? BootedFile(SwapNodeFacts facts, BootPrediction next)
    {
        if (!facts.BootedEntry.TryGet(out string? id))
            return next.Entry?.FileName;
        int profile = id.IndexOf('@', StringComparison.Ordinal);
        return profile < 0 ? id : id[..profile];
    }

    private static async Task<Dictionary<string, (BootFile File, UkiInfo? Uki)>> ReadImagesAsync(
        EspVolume volume,
        EspListing listing,
        CancellationToken cancellationToken
    )
    {
        var images = new Dictionary<string, (BootFile, UkiInfo?)>(StringComparer.Ordinal);
        var byHash = new Dictionary<string, (BootFile File, UkiInfo? Uki)>(StringComparer.Ordinal);
        foreach (EspEntry entry in listing.Files.Where(f => f.IsInLinux))
        {
            // A backup of the booted image is the same bytes: read once.
            if (entry.Sha256 is { } hash && byHash.TryGetValue(hash, out var known))
            {
                images[entry.Path] = (
                    known.File with
                    {
                        Name = entry.Name,
                    },
                    known.Uki is null ? null : known.Uki with { Name = entry.Name }
                );
                continue;
            }

            images[entry.Path] = await ReadImageAsync(volume, entry, cancellationToken).ConfigureAwait(false);
            if (entry.Sha256 is { } fresh && BootEntries.HiddenBy(images[entry.Path].Item1) is null)
                byHash[fresh] = images[entry.Path];
        }

        return images;
    }

    private static async Task<(BootFile File, UkiInfo? Uki)> ReadImageAsync(
        EspVolume volume,
        EspEntry entry,
        CancellationToken cancellationToken
    )
    {
        var stream = new NodeBlockStream(entry.Size, (block, count, ct) =>
            volume.ReadAsync(entry.Path, block, count, ct)
        );
        await using (stream.ConfigureAwait(false))
        {
            BootFile file = await BootFileReader.ReadAsync(entry.Name, stream, cancellationToken).ConfigureAwait(false);
            if (!entry.Name.Contains(".efi", StringComparison.OrdinalIgnoreCase))
                return (file, null);
            try
            {
                var options = new UkiReadOptions
                {
                    Path = entry.Path,
                    Container = UkiContainer.Esp,
                    Hash = false,
                    Extensions = false,
                };
                UkiInfo uki = await UkiReader.ReadAsync(stream, options, cancellationToken).ConfigureAwait(false);
                return (file, uki with { Sha256 = entry.Sha256 });
            }
            catch (TsException exception) when (exception.Error.Category is TsErrorCategory.InvalidData)
            {
                // A half-staged file, a shell, a firmware tool: it has no facts, which is a fact.
                return (file, null);
            }
        }
    }

    /// <summary>
    /// An image with its extensions, for which nearly all of it has to come here: they lie in the compressed initrd.
    /// </summary>
    internal static async Task<UkiInfo> ReadWholeAsync(
        EspVolume volume,
        EspFile file,
        CancellationToken cancellationToken
    )
    {
        var stream = new NodeBlockStream(
            file.Size,
            (block, count, ct) => volume.ReadAsync(file.Path, block, count, ct),
            chunk: WholeChunk
        );
        await using (stream.ConfigureAwait(false))
        {
            var options = new UkiReadOptions
            {
                Path = file.Path,
                Container = UkiContainer.Esp,
                Hash = false,
            };
            UkiInfo uki = await UkiReader.ReadAsync(stream, options, cancellationToken).ConfigureAwait(false);
            return uki with { Sha256 = file.Sha256 };
        }
    }

    private static async Task<string?> ReadLoaderConfAsync(
        EspVolume volume,
        EspListing listing,
        CancellationToken cancellationToken
    )
    {
        if (listing.FindPath("loader/loader.conf") is not { } conf)
            return null;
        if (conf.Size == 0)
            return "";
        int blocks = (int)((Math.Min(conf.Size, MaxLoaderConf) + EspProgram.BlockSize - 1) / EspProgram.BlockSize);
        ReadOnlyMemory<byte> bytes = await volume
            .ReadAsync(conf.Path, 0, blocks, cancellationToken)
            .ConfigureAwait(false);
        return Encoding.UTF8.GetString(bytes.Span);
    }

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
