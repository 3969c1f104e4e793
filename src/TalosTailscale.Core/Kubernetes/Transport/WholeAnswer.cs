using System.Net;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Has an answer's body read before it is handed on, so that a deadline and Ctrl+C count for it too: the client library
/// reads it synchronously, which nothing stops, and for which our own TLS has no way. Watches and exec streams pass as they
/// come.
/// </summary>
internal sealed class WholeAnswer : DelegatingHandler
{
    private const int MaximumBytes = 256 << 20;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        HttpResponseMessage answer = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.SwitchingProtocols || (answer.IsSuccessStatusCode && IsWatch(request)))
            return answer;
        try
        {
            byte[] body = await ReadAsync(answer.Content, cancellationToken).ConfigureAwait(false);
            var whole = new ByteArrayContent(body);
            foreach ((string name, IEnumerable<string> values) in answer.Content.Headers)
                whole.Headers.TryAddWithoutValidation(name, values);
            answer.Content.Dispose();
            answer.Content = whole;
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private static bool IsWatch(HttpRequestMessage request) =>
        request.RequestUri!.Query.Contains("watch=true", StringComparison.OrdinalIgnoreCase);

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        Stream body = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var whole = new MemoryStream();
        byte[] part = new byte[16 << 10];
        int read;
        while ((read = await body.ReadAsync(part, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (whole.Length + read > MaximumBytes)
                throw KubernetesErrors.KubernetesApiFailed.New(
                    $"The API server's answer has more than {MaximumBytes >> 20} MiB, which are not accepted."
                );
            whole.Write(part, 0, read);
        }

        return whole.ToArray();
    }
}
