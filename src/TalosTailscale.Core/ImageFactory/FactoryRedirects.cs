using System.Net;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// Follows redirections, as the factory sends images from its storage: five at most, by GET, to https or from http to http.
/// The handler of the runtime would ask a host for <c>ftp:</c> by HTTP.
/// </summary>
internal sealed class FactoryRedirects(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int Maximum = 5;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var asked = request.RequestUri!;
        for (var followed = 0; ; followed++)
        {
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.Headers.Location is not { } location || !IsRedirection(response.StatusCode))
                return response;
            response.Dispose();
            var next = new Uri(request.RequestUri!, location);
            var allowed = next.Scheme == Uri.UriSchemeHttps || next.Scheme == request.RequestUri!.Scheme;
            if (!allowed || followed == Maximum || request.Method != HttpMethod.Get)
                throw ImageFactoryErrors.FactoryProtocolViolation.New(
                    $"'{asked}' leads to '{Shown(next)}', which is not followed: {Why(allowed, followed)}.",
                    asked
                );
            request.RequestUri = next;
        }
    }

    private static string Why(bool allowed, int followed) =>
        !allowed ? "https was expected"
        : followed == Maximum ? $"{Maximum} redirections were expected at most"
        : "what is sent to the factory is sent to nobody else";

    private static bool IsRedirection(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    // A signed address is a key for a time.
    private static string Shown(Uri uri) => uri.AbsoluteUri.Split('?')[0];
}
