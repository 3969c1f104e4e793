using TalosTailscale.Core.Images.Compression;

namespace TalosTailscale.Core.Images.Initrd;

/// <summary>
/// Finds the <c>extensions.yaml</c> that the Talos imager writes into the initrd (siderolabs/talos,
/// pkg/imager/extensions/rebuild.go). It is in an archive of its own after the base initramfs, so the pieces are
/// tried from the last to the first, and the tens of MiB before it are as a rule never decompressed.
/// </summary>
internal static class InitrdReader
{
    private const int MaxYaml = 1024 * 1024;

    /// <summary>The layers; null where no archive has the list (an image without extensions).</summary>
    public static async Task<IReadOnlyList<ExtensionLayer>?> ReadLayersAsync(
        RandomReader initrd,
        CancellationToken cancellationToken
    )
    {
        var spans = await InitrdSpans.FindAsync(initrd, cancellationToken).ConfigureAwait(false);
        var budget = ByteBudget.ForInitrd(initrd.Length);
        for (var first = spans.Count - 1; first >= 0; first--)
        {
            var decoder = new SpanDecoder(initrd, spans, first, budget);
            await using (decoder.ConfigureAwait(false))
            {
                var cpio = new CpioReader(decoder, initrd.Name, budget);
                var yaml = await FindAsync(cpio, decoder, first, cancellationToken).ConfigureAwait(false);
                if (yaml is not null)
                    return ExtensionsYaml.Parse(yaml, initrd.Name);
            }
        }

        return null;
    }

    private static async Task<byte[]?> FindAsync(
        CpioReader cpio,
        SpanDecoder decoder,
        int first,
        CancellationToken cancellationToken
    )
    {
        byte[]? found = null;

        // A piece that does not start an archive is the middle of one that an earlier piece starts.
        while (await cpio.StartAsync(cancellationToken).ConfigureAwait(false) && decoder.Current == first)
        {
            while (await cpio.NextAsync(cancellationToken).ConfigureAwait(false) is { } entry)
            {
                // The kernel overwrites, so the last one counts.
                if (entry.Name == "extensions.yaml")
                    found = await cpio.ReadContentAsync(MaxYaml, cancellationToken).ConfigureAwait(false);
            }
        }

        return found;
    }
}
