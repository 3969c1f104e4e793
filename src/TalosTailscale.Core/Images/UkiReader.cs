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
        if (image.Architecture == TalosArchitecture.Unknown)
        {
            throw ImageErrors.UkiMachineUnknown.New(
                $"'{name}' is for {image.MachineName}; Talos is made for x86-64 (amd64) and ARM64.",
                name
            );
        }

        var pcrKey = await ReadPcrKeyAsync(file, image, cancellationToken).ConfigureAwait(false);
        var layers = options.Extensions
            ? await ReadLayersAsync(file, image, cancellationToken).ConfigureAwait(false)
            : [];
        var table =
            image.Certificates.Length == 0
                ? null
                : await CertificateTable.ReadAsync(file, image, cancellationToken).ConfigureAwait(false);

        PeHashes? hashes = null;
        if (options.Hash)
        {
            hashes = await PeHasher
                .HashAsync(stream, image, AlgorithmsOf(table), options.SectionHashes, Report, cancellationToken)
                .ConfigureAwait(false);
            options.Reporter.Progress(new ProgressStep("Reading UKI", name, "done", Completed: true));
        }

        var signatures = SignatureJudge.Judge(table, hashes, options.TrustedCertificates);
        var status = SignatureJudge.Sum(table, signatures);

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
            CommandLine = KernelCommandLine.Printable(text.CommandLine),
            HaltsIfInstalled = text.Halts,
            IsBootEntry = BootEntryName.IsListed(Path.GetFileName(options.Location ?? options.Path ?? "")),
            Profiles =
            [
                .. text.Profiles.Select(p => p with { CommandLine = KernelCommandLine.Printable(p.CommandLine) }),
            ],
            Extensions = [.. layers.Select(ToExtension)],
            ExtensionsRead = options.Extensions,
            SchematicId = schematic?.Version,
            SchematicYaml = schematic?.ExtraInfo is { } yaml ? PrintableText.Clean(yaml) : null,
            Signed = image.Certificates.Length > 0,
            SignatureStatus = status,
            Signatures = signatures,
            Signer = SignatureJudge.SignerOf(signatures),
            SignerTrusted =
                options.TrustedCertificates.Count == 0 || status == UkiSignatureStatus.NotChecked
                    ? null
                    : status == UkiSignatureStatus.Valid && signatures.Any(s => s.Trusted == true),
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

    private static IEnumerable<HashAlgorithmName> AlgorithmsOf(CertificateTable? table) =>
        table is null ? [] : table.Signatures.OfType<AuthenticodeSignature>().Select(s => s.Algorithm);

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
            var hash = Convert.ToHexString(SHA256.HashData(PublicKeyOf(UkiText.Utf8(pem))));
            return string.Join(':', hash.Chunk(2).Select(pair => new string(pair)));
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw ImageErrors.PcrKeyMalformed.New(
                $"'{file.Name}' has a section '.pcrpkey' that is not an RSA or EC public key in PEM form.",
                file.Name,
                e
            );
        }
    }

    // PKIX DER, as Go's x509.MarshalPKIXPublicKey writes it.
    private static byte[] PublicKeyOf(string pem)
    {
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return rsa.ExportSubjectPublicKeyInfo();
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            using var ec = ECDsa.Create();
            ec.ImportFromPem(pem);
            return ec.ExportSubjectPublicKeyInfo();
        }
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
