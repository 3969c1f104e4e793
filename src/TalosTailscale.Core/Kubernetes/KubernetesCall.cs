using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.RegularExpressions;
using k8s;
using k8s.Autorest;
using k8s.Models;
using KubernetesApi = k8s.Kubernetes;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Runs requests with a deadline, repeats those that may be repeated, and puts failures into words.</summary>
internal static partial class KubernetesCall
{
    private const int Attempts = 4;

    /// <summary>A request that changes something: sent once.</summary>
    internal static Task<T> SendAsync<T>(
        KubernetesConnection connection,
        string what,
        object? target,
        Func<KubernetesApi, CancellationToken, Task<T>> request,
        CancellationToken cancellationToken
    ) => RunAsync(connection, what, target, attempts: 1, request, cancellationToken);

    /// <summary>
    /// A request that may be sent again without harm: repeated when the connection broke or the server was busy, so that
    /// a restart of one API server behind a load balancer goes unnoticed.
    /// </summary>
    internal static Task<T> RepeatAsync<T>(
        KubernetesConnection connection,
        string what,
        object? target,
        Func<KubernetesApi, CancellationToken, Task<T>> request,
        CancellationToken cancellationToken
    ) => RunAsync(connection, what, target, Attempts, request, cancellationToken);

    private static async Task<T> RunAsync<T>(
        KubernetesConnection connection,
        string what,
        object? target,
        int attempts,
        Func<KubernetesApi, CancellationToken, Task<T>> request,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            await connection.PrepareAsync(cancellationToken).ConfigureAwait(false);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(connection.RequestTimeout);
            try
            {
                return await request(connection.Api, deadline.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not TsException && !cancellationToken.IsCancellationRequested)
            {
                if (attempt >= attempts || !IsTransient(e))
                    throw Translate(connection, what, target, e);
            }
            var pause = TimeSpan.FromMilliseconds(
                200 * Math.Pow(2, attempt) * (0.75 + (Random.Shared.NextDouble() / 2))
            );
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    internal static bool IsTransient(Exception e) =>
        e switch
        {
            HttpOperationException { Response: { } r } => r.StatusCode
                is HttpStatusCode.TooManyRequests
                    or HttpStatusCode.InternalServerError
                    or HttpStatusCode.BadGateway
                    or HttpStatusCode.ServiceUnavailable
                    or HttpStatusCode.GatewayTimeout,
            HttpRequestException { InnerException: AuthenticationException or TsException } => false,
            HttpRequestException or IOException or SocketException => true,
            _ => false,
        };

    internal static bool IsStatus(Exception e, HttpStatusCode code) =>
        e is HttpOperationException { Response: { } r } && r.StatusCode == code;

    internal static TsException Translate(KubernetesConnection connection, string what, object? target, Exception e)
    {
        switch (e)
        {
            case TsException known:
                return known;
            case HttpRequestException { InnerException: TsException known }:
                return known;
            case HttpOperationException { Response: { } response } http:
                return FromStatus(connection, what, target, response.StatusCode, ReadStatus(response.Content), http);
            case HttpRequestException { InnerException: AuthenticationException tls }:
                return KubernetesErrors.KubernetesServerUntrusted.New(
                    $"Cannot {what}: '{connection.Server}' does not prove that it is the cluster of the kubeconfig: {Sentence(tls.InnerException?.Message ?? tls.Message)}.",
                    target,
                    e
                );
            case OperationCanceledException or TimeoutException:
                return KubernetesErrors.KubernetesTimeout.New(
                    $"Cannot {what}: '{connection.Server}' gave no answer within {connection.RequestTimeout.TotalSeconds:0} s.",
                    target,
                    e
                );
            case HttpRequestException or IOException or SocketException:
                return KubernetesErrors.KubernetesUnreachable.New(
                    $"Cannot {what}: no connection to '{connection.Server}': {Sentence((e.InnerException ?? e).Message)}.",
                    target,
                    e
                );
            case JsonException:
                return KubernetesErrors.KubernetesApiFailed.New(
                    $"Cannot {what}: the answer of '{connection.Server}' is not a Kubernetes object.",
                    target,
                    e
                );
            default:
                return KubernetesErrors.KubernetesApiFailed.New($"Cannot {what}: {Sentence(e.Message)}.", target, e);
        }
    }

    internal static TsException FromStatus(
        KubernetesConnection connection,
        string what,
        object? target,
        HttpStatusCode code,
        V1Status? status,
        Exception? e
    )
    {
        var said = ServerRefusal.Words(status?.Message ?? $"HTTP {(int)code}");
        // Whoever says 401 and 403 without a Status is no API server.
        if (
            code
                is HttpStatusCode.Unauthorized
                    or HttpStatusCode.Forbidden
                    or HttpStatusCode.ProxyAuthenticationRequired
            && status is { Kind: not "Status" }
        )
            return ServerRefusal.Stranger(connection, what, target, (int)code, status.Message ?? "", e);
        switch (code)
        {
            case HttpStatusCode.Unauthorized:
                return KubernetesErrors.KubernetesUnauthorized.New(
                    $"Cannot {what}: '{connection.Server}' does not accept the credentials of '{connection.Source}'.",
                    target,
                    e
                );
            case HttpStatusCode.Forbidden:
                return ServerRefusal.Of(what, target, said, e);
            case HttpStatusCode.NotFound:
                return KubernetesErrors.KubernetesNotFound.New($"Cannot {what}: {said}.", target, e);
            case HttpStatusCode.Conflict:
                return KubernetesErrors.KubernetesConflict.New($"Cannot {what}: {said}.", target, e);
            default:
                return KubernetesErrors.KubernetesApiFailed.New(
                    $"Cannot {what}: '{connection.Server}' said {(int)code}: {said}.",
                    target,
                    e,
                    FailedWebhookRegex().Match(said) is { Success: true } webhook
                        ? $"Bring back whatever runs the admission webhook '{webhook.Groups["name"]}', or delete its configuration."
                        : null
                );
        }
    }

    internal static V1Status? ReadStatus(string? content)
    {
        if (string.IsNullOrWhiteSpace(content))
            return null;
        try
        {
            return KubernetesJson.Deserialize<V1Status>(content) is { Kind: "Status" } status
                ? status
                : new V1Status { Message = content };
        }
        catch (JsonException)
        {
            return new V1Status { Message = content };
        }
    }

    internal static string Sentence(string text) => text.Trim().TrimEnd('.');

    [GeneratedRegex("failed calling webhook \"(?<name>[^\"]+)\"")]
    private static partial Regex FailedWebhookRegex();
}
