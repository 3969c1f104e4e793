using System.Net;
using System.Net.WebSockets;
using System.Security.Authentication;
using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Why a command in a pod could not be run, or its end is not known.</summary>
internal static class PodExecFailures
{
    /// <summary>Whether the connection broke, rather than what went through it.</summary>
    internal static bool IsBroken(Exception e) =>
        e
            is WebSocketException
                or HttpRequestException
                or ObjectDisposedException
                or IOException { InnerException: System.Net.Sockets.SocketException };

    /// <summary>It ended before the exit code came.</summary>
    internal static TsException Lost(PodExecTarget target, Exception? e, Exception? sendFailure)
    {
        var reason = sendFailure is null or OperationCanceledException || IsBroken(sendFailure) ? e : sendFailure;
        return KubernetesErrors.ExecConnectionLost.New(
            $"The connection to a command in the pod '{target.Namespace}/{target.Pod}' on '{target.Node}' ended before its exit code came"
                + (reason is null ? "." : $": {KubernetesCall.Sentence(reason.Message)}."),
            target.Node,
            reason
        );
    }

    /// <summary>It never came to be.</summary>
    internal static TsException Refused(
        KubernetesConnection connection,
        PodExecTarget target,
        HttpStatusCode code,
        string? body,
        Exception e
    )
    {
        V1Status? status = KubernetesCall.ReadStatus(body);
        var what = $"run a command in the pod '{target.Namespace}/{target.Pod}' on '{target.Node}'";
        return code switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.NotFound => KubernetesCall.FromStatus(
                connection,
                what,
                target.Node,
                code,
                status,
                e
            ),
            HttpStatusCode.Forbidden when status is not null => KubernetesCall.FromStatus(
                connection,
                what,
                target.Node,
                code,
                status,
                e
            ),
            // The WebSocket handshake is a GET, for which "get" was asked before 1.35 and "create" since (kubernetes#133515).
            HttpStatusCode.Forbidden => KubernetesErrors.KubernetesForbidden.New(
                $"Cannot {what}: the kubeconfig's user lacks the verbs 'get' and 'create' on 'pods/exec' in the namespace '{target.Namespace}'.",
                target.Node,
                e,
                $"Grant 'get' and 'create' on 'pods/exec' in the namespace '{target.Namespace}'; check with 'kubectl auth can-i create pods/exec -n {target.Namespace}'."
            ),
            0 when e is OperationCanceledException or HttpRequestException => KubernetesCall.Translate(
                connection,
                what,
                target.Node,
                e
            ),
            0 when e.InnerException is HttpRequestException { InnerException: AuthenticationException } inner =>
                KubernetesCall.Translate(connection, what, target.Node, inner),
            0 => KubernetesErrors.KubernetesUnreachable.New(
                $"Cannot {what}: no connection to '{connection.Server}': {KubernetesCall.Sentence((e.InnerException ?? e).Message)}.",
                target.Node,
                e
            ),
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout =>
                KubernetesErrors.KubernetesUnreachable.New(
                    $"Cannot {what}: '{connection.Server}' answered HTTP {(int)code}, so the API server or the kubelet behind it is away.",
                    target.Node,
                    e
                ),
            _ => KubernetesErrors.ExecRefused.New(
                $"Cannot {what}: '{connection.Server}' answered the WebSocket handshake with HTTP {(int)code}, expected 101"
                    + (status?.Message is { Length: > 0 } said ? $": {ServerRefusal.Words(said)}." : "."),
                target.Node,
                e
            ),
        };
    }
}
