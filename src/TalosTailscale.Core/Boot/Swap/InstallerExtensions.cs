using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What is known of an installer image before a node has it.</summary>
public static class InstallerExtensions
{
    /// <summary>Where an installer image has its UKI, since Talos 1.10 (siderolabs/talos, pkg/machinery/constants).</summary>
    /// <param name="architecture">The node's architecture.</param>
    /// <returns>The path in the image.</returns>
    public static string UkiPath(TalosArchitecture architecture) =>
        $"/usr/install/{(architecture == TalosArchitecture.Arm64 ? "arm64" : "amd64")}/vmlinuz.efi";

    /// <summary>The extensions that an installer image brings, by the schematic in its name.</summary>
    /// <param name="image">The reference.</param>
    /// <param name="factory">The Image Factory that knows the schematic; null for the usual one.</param>
    /// <param name="reporter">Told when it cannot tell.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The extensions; none for an image that is not from a factory; null where the factory does not tell.</returns>
    public static async Task<IReadOnlyList<UkiExtension>?> ReadAsync(
        string image,
        Uri? factory,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(image);
        ArgumentNullException.ThrowIfNull(reporter);
        if (InstallerReference.Parse(image).SchematicId is not { } id)
            return [];
        try
        {
            using var client = new ImageFactoryClient(ImageFactoryUri.Resolve(factory), null, reporter);
            Schematic schematic = await client.GetSchematicAsync(id, cancellationToken).ConfigureAwait(false);
            return
            [
                .. schematic.Extensions.Select(name => new UkiExtension { Name = name[(name.LastIndexOf('/') + 1)..] }),
            ];
        }
        catch (TsException exception)
        {
            reporter.Warning($"What '{image}' brings is not known before the node runs it: {exception.Message}");
            return null;
        }
    }
}
