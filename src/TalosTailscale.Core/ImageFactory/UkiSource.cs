using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>Reads the UKI of a file of the factory with everything there is to know: hashes, signature, extensions.</summary>
internal static class UkiSource
{
    public static async Task<UkiInfo> ReadAsync(string path, IReporter reporter, CancellationToken cancellationToken)
    {
        var places = await UkiFinder
            .WithoutForeignAsync(
                await UkiFinder.FindAsync(path, cancellationToken).ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);
        return await places[0]
            .ReadAsync(
                new UkiReadOptions
                {
                    Hash = true,
                    Extensions = true,
                    Reporter = reporter,
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }
}
