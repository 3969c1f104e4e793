using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Reads what the gates ask of a UKI that lies in the node shell's container.</summary>
internal static class SwapSourceInContainer
{
    internal static async Task<UkiSwapSource> ReadAsync(
        EspVolume volume,
        string path,
        string image,
        IReadOnlyList<UkiExtension>? extensions,
        CancellationToken cancellationToken
    )
    {
        (long size, string sha256) = await volume.SourceAsync(path, cancellationToken).ConfigureAwait(false);
        var stream = new NodeBlockStream(size, (block, count, ct) => volume.FetchAsync(path, block, count, ct));
        await using (stream.ConfigureAwait(false))
        {
            // Its extensions lie in the compressed initrd, nearly all of which would have to come here to be unpacked.
            var options = new UkiReadOptions
            {
                Path = image,
                Hash = false,
                Extensions = false,
            };
            UkiInfo uki = await UkiReader.ReadAsync(stream, options, cancellationToken).ConfigureAwait(false);
            uki = uki with
            {
                Name = path[(path.LastIndexOf('/') + 1)..],
                Sha256 = sha256,
                SchematicId = InstallerReference.Parse(image).SchematicId,
                Extensions = extensions ?? [],
                ExtensionsRead = extensions is not null,
            };
            return new UkiSwapSource(uki, _ => throw new InvalidOperationException("The image is on the node already."))
            {
                ContainerPath = path,
            };
        }
    }
}
