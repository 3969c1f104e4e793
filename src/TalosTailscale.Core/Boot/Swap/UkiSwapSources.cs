using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Makes sources of a swap.</summary>
public static class UkiSwapSources
{
    /// <summary>Reads the one UKI that a file holds: an <c>.efi</c>, an ISO, a disk or ESP image. Reads every byte of it once.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="reporter">Told how far the reading has come.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The source.</returns>
    /// <exception cref="TsException">No UKI, several, or a malformed one.</exception>
    public static async Task<UkiSwapSource> FromFileAsync(
        string path,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        IReadOnlyList<UkiLocation> places = await UkiFinder
            .WithoutForeignAsync(
                await UkiFinder.FindAsync(path, cancellationToken).ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);
        if (places.Count > 1)
        {
            throw SwapErrors.SourceAmbiguous.New(
                $"'{path}' holds {places.Count} UKIs: {string.Join(", ", places.Select(p => p.Location))}; expected one.",
                path
            );
        }

        UkiInfo uki = await places[0]
            .ReadAsync(new UkiReadOptions { Reporter = reporter }, cancellationToken)
            .ConfigureAwait(false);
        return new UkiSwapSource(uki, places[0].OpenAsync);
    }
}
