using System.Security.Cryptography;
using TalosTailscale.Core.Images.Initrd;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images;

/// <summary>
/// Reads a unified kernel image (uapi-group.org/specifications/specs/unified_kernel_image) without loading it: the
/// headers, the short text sections, the last archive of the initrd, and every byte once where hashes are wanted.
/// </summary>
public static class UkiReader
{
    /// <summary>Reads a UKI.</summary>
    /// <param name="stream">The UKI from its first to its last byte; seekable. Its position is moved.</param>
    /// <param name="options">What to look at.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>What the UKI says about itself.</returns>
    /// <exception cref="TsException">The file is truncated, malformed or not a UKI (<see cref="ImageErrors"/>).</exception>
    public static async Task<UkiInfo> ReadAsync(
        Stream stream,
        UkiReadOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        var name = NameOf(options);
        var file = new RandomReader(stream, name);
        var image = await PeImage.ReadAsync(file, cancellationToken).ConfigureAwait(false);
        var text = await UkiText.ReadAsync(file, image, cancellationToken).ConfigureAwait(false);
        var pcrKey = await ReadPcrKeyAsync(file, image, cancellationToken).ConfigureAwait(false);
        var layers = options.Extensions
            ? await ReadLayersAsync(file, image, cancellationToken).ConfigureAwait(false)
            : [];
        var (signature, status) = await ReadSignatureAsync(file, image, cancellationToken).ConfigureAwait(false);

        PeHashes? hashes = null;
        if (options.Hash)
        {
            hashes = await PeHasher
                .HashAsync(stream, image, signature?.Algorithm, options.SectionHashes, Report, cancellationToken)
                .ConfigureAwait(false);
            options.Reporter.Progress(new ProgressStep("Reading UKI", name, "done", Completed: true));
            if (signature is not null)
                status = Judge(signature, hashes.Authenticode!);
        }

        var schematic = layers.LastOrDefault(l => l.Name == "schematic");
        return new UkiInfo
        {
            Name = Path.GetFileName((options.Location ?? options.Path ?? "").Replace('\\', '/')),
            Path = options.Path,
            Location = options.Location,
            Container = options.Container,
            Version = text.Version,
            Architecture = image.Architecture,
            Kind = KindOf(text),
            Variant = image.Certificates.Length > 0 || pcrKey is not null ? UkiVariant.SecureBoot : UkiVariant.Plain,
            KernelRelease = text.KernelRelease,
            CommandLine = text.CommandLine,
            HaltsIfInstalled = text.Halts,
            IsBootEntry = BootEntryName.IsListed(Path.GetFileName(options.Location ?? options.Path ?? "")),
            Profiles = text.Profiles,
            Extensions = [.. layers.Select(ToExtension)],
            ExtensionsRead = options.Extensions,
            SchematicId = schematic?.Version,
            SchematicYaml = schematic?.ExtraInfo is { } yaml ? PrintableText.Clean(yaml) : null,
            Signed = image.Certificates.Length > 0,
            SignatureStatus = status,
            Signer = signature?.Signer,
            SignerTrusted = IsTrusted(signature, status, options),
            PcrKeyFingerprint = pcrKey,
            HasPcrSignature = text.HasPcrSignature,
            Size = file.Length,
            Sha256 = hashes is null ? null : Convert.ToHexString(hashes.File).ToLowerInvariant(),
            Sections = [.. image.Sections.Select((s, i) => ToSection(s, hashes?.Sections.ElementAtOrDefault(i), name))],
        };

        void Report(long done) =>
            options.Reporter.Progress(new ProgressStep("Reading UKI", name, "hashing", done, file.Length));
    }

    private static string NameOf(UkiReadOptions options) =>
        options.Location is null ? options.Path ?? "UKI" : $"{options.Path}:{options.Location}";

    private static UkiKind KindOf(UkiText text) =>
        text.OsId != "talos" ? UkiKind.Unknown
        : text.IsForInstaller ? UkiKind.InstallerIso
        : text.Profiles.Any(p => p.Id == "reset-maintenance") ? UkiKind.DiskImage
        : UkiKind.InstalledSystem;

    private static async Task<IReadOnlyList<ExtensionLayer>> ReadLayersAsync(
        RandomReader file,
        PeImage image,
        CancellationToken cancellationToken
    )
    {
        if (image.Find(".initrd") is not { } section)
            return [];
        var content = file.Slice(section.RawOffset, section.ContentLength, "the section '.initrd'");
        await using (content.ConfigureAwait(false))
        {
            var initrd = new RandomReader(content, $"{file.Name}:.initrd");
            return await InitrdReader.ReadLayersAsync(initrd, cancellationToken).ConfigureAwait(false) ?? [];
        }
    }

    private static async Task<string?> ReadPcrKeyAsync(
        RandomReader file,
        PeImage image,
        CancellationToken cancellationToken
    )
    {
        if (image.Find(".pcrpkey") is not { } section)
            return null;
        var pem = await UkiText
            .ReadSectionAsync(file, section, UkiText.MaxText, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(pem);
            var hash = Convert.ToHexString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
            return string.Join(':', hash.Chunk(2).Select(pair => new string(pair)));
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw ImageErrors.PcrKeyMalformed.New(
                $"'{file.Name}' has a section '.pcrpkey' that is not an RSA public key in PEM form.",
                file.Name,
                e
            );
        }
    }

    private static async Task<(AuthenticodeSignature? Signature, UkiSignatureStatus Status)> ReadSignatureAsync(
        RandomReader file,
        PeImage image,
        CancellationToken cancellationToken
    )
    {
        if (image.Certificates.Length == 0)
            return (null, UkiSignatureStatus.NotSigned);
        try
        {
            var signature = await AuthenticodeSignature.ReadAsync(file, image, cancellationToken).ConfigureAwait(false);
            return (signature, UkiSignatureStatus.NotChecked);
        }
        catch (FormatException)
        {
            return (null, UkiSignatureStatus.Invalid);
        }
    }

    private static UkiSignatureStatus Judge(AuthenticodeSignature signature, byte[] digest)
    {
        if (!signature.VerifyCms())
            return UkiSignatureStatus.Invalid;
        return digest.AsSpan().SequenceEqual(signature.Digest)
            ? UkiSignatureStatus.Valid
            : UkiSignatureStatus.DigestMismatch;
    }

    private static bool? IsTrusted(AuthenticodeSignature? signature, UkiSignatureStatus status, UkiReadOptions options)
    {
        if (options.TrustedCertificates.Count == 0 || status == UkiSignatureStatus.NotChecked)
            return null;
        return signature is not null
            && status == UkiSignatureStatus.Valid
            && SignerChain.EndsIn(signature.Certificate, signature.Certificates, options.TrustedCertificates);
    }

    private static UkiExtension ToExtension(ExtensionLayer layer) =>
        new()
        {
            Name = layer.Name,
            Version = layer.Version,
            Author = layer.Author,
            Description = layer.Description,
            Image = layer.Image,
        };

    private static UkiSection ToSection(PeSection section, byte[]? hash, string uki) =>
        new()
        {
            Name = section.Name,
            Size = section.ContentLength,
            Offset = section.RawOffset,
            Sha256 = hash is null ? null : Convert.ToHexString(hash).ToLowerInvariant(),
            Uki = uki,
        };
}
