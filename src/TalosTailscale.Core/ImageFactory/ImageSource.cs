using System.Collections.Concurrent;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// From a choice to an image: registers the schematic, fetches and verifies, or names the installer. Safe for several callers.
/// </summary>
public sealed class ImageSource(ImageFactoryClient client, IReporter reporter)
{
    private readonly ConcurrentDictionary<string, Schematic?> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<
        string,
        (IReadOnlyList<string> Versions, IReadOnlyList<string> Extensions)
    > _offers = new(StringComparer.Ordinal);
    private string? _signer;

    /// <summary>Makes sure that the factory knows the schematic.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The schematic; null where only the id is known and the factory does not tell more.</returns>
    public async Task<Schematic?> RegisterAsync(ImageChoice choice, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(choice);
        if (_known.TryGetValue(choice.SchematicId, out var known))
            return known;
        if (choice.Schematic is { } schematic)
        {
            await client.EnsureAsync(schematic, cancellationToken).ConfigureAwait(false);
            return _known[choice.SchematicId] = schematic;
        }

        try
        {
            return _known[choice.SchematicId] = await client
                .GetSchematicAsync(choice.SchematicId, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TsException e)
            when (e.Error == ImageFactoryErrors.FactoryNotFound
                && e.Message.Contains("page not found", StringComparison.Ordinal)
            )
        {
            // A factory without GET of schematics, or a mirror; whether the id is good, the image itself will tell.
            reporter.Verbose(
                $"'{client.Factory.Authority}' does not tell what the schematic '{choice.SchematicId}' holds."
            );
            return _known[choice.SchematicId] = null;
        }
    }

    /// <summary>
    /// The installer of a choice. Nothing is downloaded, so what can be checked is whether the factory builds the version
    /// and has the extensions for it.
    /// </summary>
    /// <param name="choice">The choice.</param>
    /// <param name="schematic">The schematic, where it is known.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The reference as an image.</returns>
    /// <exception cref="TsException">FactoryNotFound, FactoryRefused, and those of the transport.</exception>
    public async Task<TalosImage> InstallerAsync(
        ImageChoice choice,
        Schematic? schematic,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(choice);
        var (versions, extensions) = await OffersAsync(choice.Version, cancellationToken).ConfigureAwait(false);
        if (versions.Count > 0 && !versions.Contains(choice.Version))
            throw ImageFactoryErrors.FactoryNotFound.New(
                $"'{client.Factory.Authority}' does not build Talos {choice.Version}; its newest is {versions[^1]}.",
                choice.Version
            );
        var missing = extensions.Count == 0 ? null : schematic?.Extensions.FirstOrDefault(e => !extensions.Contains(e));
        if (missing is not null)
            throw ImageFactoryErrors.FactoryRefused.New(
                $"'{client.Factory.Authority}' has no extension '{missing}' for Talos {choice.Version}.",
                missing
            );
        var reference = ImageFactoryUri.Installer(
            client.Factory,
            choice.SchematicId,
            choice.Version,
            choice.SecureBoot
        );
        return Model(choice, schematic) with
        {
            Name = reference[(reference.IndexOf('/', StringComparison.Ordinal) + 1)..],
            InstallerImage = reference,
        };
    }

    /// <summary>What the factory offers for a version; empty where it does not tell.</summary>
    /// <param name="version">The version.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Versions, oldest first as the factory gives them, and official extensions.</returns>
    public async Task<(IReadOnlyList<string> Versions, IReadOnlyList<string> Extensions)> OffersAsync(
        string version,
        CancellationToken cancellationToken
    )
    {
        if (_offers.TryGetValue(version, out var known))
            return known;
        try
        {
            var versions = await client.GetVersionsAsync(cancellationToken).ConfigureAwait(false);
            IReadOnlyList<string> extensions = versions.Contains(version)
                ? await client.GetExtensionsAsync(version, cancellationToken).ConfigureAwait(false)
                : [];
            return _offers[version] = (versions, extensions);
        }
        catch (TsException e) when (e.Error == ImageFactoryErrors.FactoryNotFound)
        {
            // A mirror that holds images alone.
            reporter.Verbose($"'{client.Factory.Authority}' does not list versions and extensions.");
            return _offers[version] = ([], []);
        }
    }

    /// <summary>The address of a choice's file.</summary>
    /// <param name="choice">The choice.</param>
    /// <returns>The address.</returns>
    public Uri UriOf(ImageChoice choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        return ImageFactoryUri.Image(
            client.Factory,
            choice.SchematicId,
            choice.Version,
            ImageFactoryUri.FileName(choice.Kind, choice.Architecture, choice.SecureBoot)
        );
    }

    /// <summary>Fetches and verifies the file of a choice.</summary>
    /// <param name="choice">UKI or ISO.</param>
    /// <param name="schematic">The schematic, where it is known.</param>
    /// <param name="path">The file to make, absolute.</param>
    /// <param name="force">Replace whatever is there.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The image.</returns>
    public async Task<TalosImage> SaveAsync(
        ImageChoice choice,
        Schematic? schematic,
        string path,
        bool force,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(choice);
        if (choice.SecureBoot)
            _signer ??= await client.GetSignerFingerprintAsync(cancellationToken).ConfigureAwait(false);
        var expectation = new ImageExpectation
        {
            Kind = choice.Kind,
            Version = choice.Version,
            Architecture = choice.Architecture,
            Variant = choice.SecureBoot ? UkiVariant.SecureBoot : UkiVariant.Plain,
            SchematicId = choice.SchematicId,
            Extensions = schematic?.Extensions ?? [],
            SignerSha256 = choice.SecureBoot ? _signer : null,
            PcrKeyFingerprint = choice.SecureBoot ? choice.PcrKeyFingerprint : null,
        };
        var uri = UriOf(choice);
        var stored = await new ImageStore(client, reporter)
            .SaveAsync(uri, path, expectation, force, cancellationToken)
            .ConfigureAwait(false);
        return Model(choice, schematic) with
        {
            Name = System.IO.Path.GetFileName(stored.Path),
            Extensions = [.. stored.Uki.Extensions.Where(e => e.Name != "schematic").Select(e => e.Name)],
            Path = stored.Path,
            Uri = uri,
            Size = stored.Size,
            Sha256 = stored.Sha256,
            WasPresent = stored.WasPresent,
            Uki = stored.Uki,
        };
    }

    private static TalosImage Model(ImageChoice choice, Schematic? schematic) =>
        new()
        {
            Name = "",
            Kind = choice.Kind,
            Version = choice.Version,
            Architecture = choice.Architecture,
            Variant = choice.SecureBoot ? UkiVariant.SecureBoot : UkiVariant.Plain,
            SchematicId = choice.SchematicId,
            Extensions = schematic?.Extensions ?? [],
        };
}
