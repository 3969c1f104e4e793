using System.Net;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>The one table from an HTTP status of the factory to what the user is told.</summary>
internal static class FactoryFailure
{
    private const int MaximumText = 2048;

    /// <summary>Throws for a status that is not a success.</summary>
    /// <exception cref="TsException">The status will be the same at the next attempt.</exception>
    /// <exception cref="FactoryTransientException">It is worth trying again.</exception>
    public static async Task ThrowIfFailedAsync(
        HttpResponseMessage response,
        Uri uri,
        CancellationToken cancellationToken
    )
    {
        if (response.IsSuccessStatusCode)
            return;
        var text = await TextAsync(response, cancellationToken).ConfigureAwait(false);
        var status = (int)response.StatusCode;
        if (status is >= 500 or 408 or 425 or 429)
            throw new FactoryTransientException(
                $"'{uri}' answered {status}{text}",
                RetryAfter(response),
                ImageFactoryErrors.FactoryUnavailable
            );
        var error = status switch
        {
            400 or 405 or 415 or 422 => ImageFactoryErrors.FactoryRefused,
            401 or 402 or 403 or 407 => ImageFactoryErrors.FactoryAccessDenied,
            404 or 410 => ImageFactoryErrors.FactoryNotFound,
            _ => ImageFactoryErrors.FactoryProtocolViolation,
        };
        throw error.New($"'{uri}' answered {status}{text}; success was expected.", uri);
    }

    // The factory answers errors in one line of plain text; a proxy answers pages, of which nothing is shown.
    private static async Task<string> TextAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is not ("text/plain" or "application/json"))
            return response.ReasonPhrase is { Length: > 0 } reason ? $" ({reason})" : "";
        var (text, _) = await ShortAnswer
            .ReadUpToAsync(response.Content, MaximumText, cancellationToken)
            .ConfigureAwait(false);
        var line = new string([.. text.Trim().Split('\n')[0].Where(c => !char.IsControl(c)).Take(300)]);
        return line.Length == 0 ? "" : $" ({line})";
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var pause = header?.Delta ?? (header?.Date is { } date ? date - DateTimeOffset.UtcNow : null);
        return pause is { } p && p > TimeSpan.Zero ? p : null;
    }
}
