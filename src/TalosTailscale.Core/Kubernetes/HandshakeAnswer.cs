using System.Net;
using System.Text;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Keeps what a server says when it refuses a WebSocket, which ClientWebSocket throws away.</summary>
internal sealed class HandshakeAnswer : DelegatingHandler
{
    private const int MaximumBody = 64 << 10;

    internal HandshakeAnswer(HttpMessageHandler next)
        : base(next) { }

    /// <summary>The body of the refusal; null where there was none.</summary>
    internal string? Body { get; private set; }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        HttpResponseMessage answer = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.SwitchingProtocols)
            Body = await ReadAsync(answer, cancellationToken).ConfigureAwait(false);
        return answer;
    }

    private static async Task<string> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        byte[] bytes = new byte[MaximumBody];
        int length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
