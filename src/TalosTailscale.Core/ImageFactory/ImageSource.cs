using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>From a choice to an image: registers the schematic, fetches and verifies, or names the installer.</summary>
public sealed class ImageSource(ImageFactoryClient client, IReporter reporter)
{
    private readonly Dictionary<string, Schematic?> _known = new(StringComparer.Ordinal);
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
            await client.RegisterAsync(schematic, cancellationToken).ConfigureAwait(false);
            return _known[choice.SchematicId] = schematic;
        }

        try
        {
            return _known[choice.SchematicId] =
                await client.GetSchematicAsync(choice.SchematicId, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == ImageFactoryErrors.FactoryNotFound)
        {
            // Factories before 0.7 have no GET of schematics; whether the id is good, the image itself will tell.
            reporter.Verbose($"'{client.Factory.Authority}' does not tell what the schematic '{choice.SchematicId}' holds.");
            return _known[choice.SchematicId] = null;
        }
    }

    /// <summary>The installer of a choice.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="schematic">The schematic, where it is known.</param>
    /// <returns>The reference as an image.</returns>
    public TalosImage Installer(ImageChoice choice, Schematic? schematic)
    {
        ArgumentNullException.ThrowIfNull(choice);
        var reference = ImageFactoryUri.Installer(client.Factory, choice.SchematicId, choice.Version, choice.SecureBoot);
        return Model(choice, schematic) with { Name = reference[(reference.IndexOf('/', StringComparison.Ordinal) + 1)..], InstallerImage = reference };
    }

    /// <summary>The address of a choice's file.</summary>
    /// <param name="choice">The choice.</param>
    /// <returns>The address.</returns>
    public Uri UriOf(ImageChoice choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        return ImageFactoryUri.Image(
            client.Factory, choice.SchematicId, choice.Version,
            ImageFactoryUri.FileName(choice.Kind, choice.Architecture, choice.SecureBoot));
    }

    /// <summary>Fetches and verifies the file of a choice.</summary>
    /// <param name="choice">UKI or ISO.</param>
    /// <param name="schematic">The schematic, where it is known.</param>
    /// <param name="path">The file to make, absolute.</param>
    /// <param name="force">Replace whatever is there.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The image.</returns>
    public async Task<TalosImage> SaveAsync(
        ImageChoice choice, Schematic? schematic, string path, bool force, CancellationToken cancellationToken)
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
        var stored = await new ImageStore(client, reporter).SaveAsync(uri, path, expectation, force, cancellationToken)
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

    private static TalosImage Model(ImageChoice choice, Schematic? schematic) => new()
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
