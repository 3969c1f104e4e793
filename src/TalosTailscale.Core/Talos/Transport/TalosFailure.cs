using System.Net.Sockets;
using Grpc.Core;
using Org.BouncyCastle.Tls;

namespace TalosTailscale.Core.Talos;

/// <summary>The one table from what a call ended with to what the user is told.</summary>
internal static class TalosFailure
{
    private static readonly HashSet<short> s_certificateAlerts =
    [
        AlertDescription.bad_certificate,
        AlertDescription.unsupported_certificate,
        AlertDescription.certificate_revoked,
        AlertDescription.certificate_expired,
        AlertDescription.certificate_unknown,
        AlertDescription.unknown_ca,
        AlertDescription.access_denied,
        AlertDescription.certificate_required,
    ];

    // First match wins. Texts are those of Talos 1.9 to 1.14, Go's crypto/x509 and grpc-go.
    private static readonly (StatusCode? Code, string Text, TsError Error)[] s_texts =
    [
        (null, "too_many_pings", TalosErrors.TalosTooManyPings),
        (null, "ENHANCE_YOUR_CALM", TalosErrors.TalosTooManyPings),
        (null, "x509: certificate is valid for", TalosErrors.TalosServerNameMismatch),
        (null, "x509: cannot validate certificate for", TalosErrors.TalosServerNameMismatch),
        (null, "x509: certificate signed by unknown authority", TalosErrors.TalosServerNotTrusted),
        (null, "x509: certificate has expired or is not yet valid", TalosErrors.TalosServerCertificateExpired),
        (null, "remote error: tls: bad certificate", TalosErrors.TalosClientCertificateRejected),
        (null, "Bad gRPC response", TalosErrors.TalosProtocolViolation),
        (StatusCode.PermissionDenied, "no request forwarding", TalosErrors.TalosNoForwarding),
        (StatusCode.PermissionDenied, "resource type", TalosErrors.TalosResourceTypeUnknown),
        (StatusCode.PermissionDenied, "namespace", TalosErrors.TalosResourceTypeUnknown),
        (null, "only available on control plane nodes", TalosErrors.TalosNotControlPlane),
        (null, "was not registered", TalosErrors.TalosServiceNotFound),
        (null, "can't be applied in immediate mode", TalosErrors.TalosChangeNeedsReboot),
        (StatusCode.Internal, "invalid target", TalosErrors.TalosInvalidRequest),
        (StatusCode.ResourceExhausted, "larger than", TalosErrors.TalosMessageTooLarge),
        (StatusCode.ResourceExhausted, "exceeds", TalosErrors.TalosMessageTooLarge),
    ];

    private static readonly Dictionary<StatusCode, TsError> s_codes = new()
    {
        [StatusCode.Unavailable] = TalosErrors.TalosNodeUnavailable,
        [StatusCode.PermissionDenied] = TalosErrors.TalosRoleMissing,
        [StatusCode.Unauthenticated] = TalosErrors.TalosClientCertificateRejected,
        [StatusCode.NotFound] = TalosErrors.TalosNotFound,
        [StatusCode.Unimplemented] = TalosErrors.TalosUnimplemented,
        [StatusCode.DeadlineExceeded] = TalosErrors.TalosTimeout,
        [StatusCode.InvalidArgument] = TalosErrors.TalosInvalidRequest,
        [StatusCode.OutOfRange] = TalosErrors.TalosInvalidRequest,
        [StatusCode.FailedPrecondition] = TalosErrors.TalosBusy,
        [StatusCode.Aborted] = TalosErrors.TalosBusy,
        [StatusCode.AlreadyExists] = TalosErrors.TalosBusy,
        [StatusCode.ResourceExhausted] = TalosErrors.TalosBusy,
        [StatusCode.Cancelled] = TalosErrors.TalosConnectionLost,
        [StatusCode.Internal] = TalosErrors.TalosCallFailed,
        [StatusCode.DataLoss] = TalosErrors.TalosProtocolViolation,
        [StatusCode.Unknown] = TalosErrors.TalosCallFailed,
    };

    /// <summary>True if no connection was made, so that nothing of the call has been sent.</summary>
    internal static bool IsDial(RpcException e) => Find<TalosDialException>(e) is not null;

    /// <summary>True if our connection to the endpoint broke, as opposed to the endpoint answering with an error.</summary>
    internal static bool IsBroken(RpcException e) =>
        e.Status.DebugException is not null
        && (
            Find<IOException>(e) is not null
            || Find<SocketException>(e) is not null
            || Find<HttpRequestException>(e) is not null
        )
        && e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown;

    /// <summary>False where another endpoint of the cluster would say the same, or must not be asked.</summary>
    internal static bool MayFailOver(RpcException e, TlsFatalAlertReceived? ended) => AlertOf(e, ended) is null;

    /// <summary>What a call ended with, in the module's terms.</summary>
    /// <param name="e">What gRPC threw.</param>
    /// <param name="call">The call.</param>
    /// <param name="node">The node it was for.</param>
    /// <param name="endpoint">The endpoint it went through.</param>
    /// <param name="roles">The roles of the client certificate.</param>
    /// <param name="ended">The alert that ended the connection, where it is known apart from <paramref name="e"/>.</param>
    internal static TsException Explain(
        RpcException e,
        TalosCall call,
        string node,
        TalosEndpoint endpoint,
        IReadOnlyList<string> roles,
        TlsFatalAlertReceived? ended = null
    )
    {
        string where = $"{call.Name} on '{node}'";
        if (Find<TsException>(e) is { } known)
            return known;
        if (AlertOf(e, ended) is { } alert)
            return Rejected(alert, where, node, endpoint, e);
        string text = e.Status.Detail;
        foreach ((StatusCode? code, string part, TsError error) in s_texts)
        {
            if ((code is null || code == e.StatusCode) && text.Contains(part, StringComparison.OrdinalIgnoreCase))
                return error.New($"{where} failed (through '{endpoint}'): {text}", node, e);
        }

        if (Find<TalosDialException>(e) is { } dial)
            return Unreachable(dial, node, endpoint, e);
        if (IsBroken(e))
        {
            return TalosErrors.TalosConnectionLost.New(
                $"The connection to '{endpoint}' broke during {where}{Doubt(call)}: {Innermost(e).Message}",
                node,
                e
            );
        }

        TsError mapped = s_codes.GetValueOrDefault(e.StatusCode, TalosErrors.TalosCallFailed);
        return mapped.New(Message(mapped, where, text, call, endpoint, roles), node, e, Advice(mapped, call));
    }

    /// <summary>The errors that <see cref="Explain"/> can give, for the tests and the help.</summary>
    internal static IEnumerable<TsError> Errors => s_codes.Values.Concat(s_texts.Select(row => row.Error)).Distinct();

    private static string Message(
        TsError error,
        string where,
        string text,
        TalosCall call,
        TalosEndpoint endpoint,
        IReadOnlyList<string> roles
    )
    {
        if (error == TalosErrors.TalosRoleMissing)
        {
            string has = roles.Count == 0 ? "no role" : $"'{string.Join("', '", roles)}'";
            return $"{where} needs the role '{call.Role}'; the certificate has {has} ({text}).";
        }

        return error == TalosErrors.TalosTimeout ? $"{where} had no answer in time (through '{endpoint}'){Doubt(call)}."
            : error == TalosErrors.TalosNodeUnavailable ? $"{where} failed{Doubt(call)}: {text}"
            : $"{where} failed: {text}";
    }

    // A change may have been made before the way back broke; a call that only reads leaves nothing to wonder about.
    private static string Doubt(TalosCall call) => call.Repeatable ? "" : "; whether it was done is not known";

    private static string? Advice(TsError error, TalosCall call) =>
        error == TalosErrors.TalosRoleMissing ? $"Use a talosconfig with the role '{call.Role}'." : null;

    private static TsException Rejected(
        TlsFatalAlertReceived alert,
        string where,
        string node,
        TalosEndpoint endpoint,
        RpcException e
    )
    {
        string name = AlertDescription.GetName(alert.AlertDescription);
        return s_certificateAlerts.Contains(alert.AlertDescription)
            ? TalosErrors.TalosClientCertificateRejected.New(
                $"'{endpoint}' refused the client certificate for {where}: TLS alert '{name}'.",
                node,
                e
            )
            : TalosErrors.TalosTlsFailed.New(
                $"The TLS handshake with '{endpoint}' for {where} failed: TLS alert '{name}'.",
                node,
                e
            );
    }

    private static TsException Unreachable(TalosDialException dial, string node, TalosEndpoint endpoint, RpcException e)
    {
        string target = $"'{endpoint}' (for '{node}')";
        return dial.InnerException switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
                TalosErrors.TalosConnectionRefused.New($"{target} refused the connection.", node, e),
            SocketException
            {
                SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain
            } => TalosErrors.TalosEndpointNotResolved.New($"The name '{endpoint.Host}' has no address.", node, e),
            SocketException or TimeoutException => TalosErrors.TalosConnectionFailed.New(
                $"{target} cannot be reached: {dial.Message}",
                node,
                e
            ),
            IOException broken when broken is EndOfStreamException || broken.InnerException is SocketException =>
                TalosErrors.TalosConnectionLost.New(
                    $"{target} closed the connection in the handshake: {broken.Message}",
                    node,
                    e
                ),
            { } inner => TalosErrors.TalosTlsFailed.New(
                $"The TLS handshake with {target} failed: {inner.Message}",
                node,
                e
            ),
            null => TalosErrors.TalosConnectionFailed.New($"{target} cannot be reached: {dial.Message}", node, e),
        };
    }

    private static TlsFatalAlertReceived? AlertOf(RpcException e, TlsFatalAlertReceived? ended) =>
        Find<TlsFatalAlertReceived>(e) ?? (IsBroken(e) ? ended : null);

    private static T? Find<T>(RpcException e)
        where T : Exception
    {
        for (Exception? at = e.Status.DebugException ?? e.InnerException; at is not null; at = at.InnerException)
        {
            if (at is T found)
                return found;
        }

        return null;
    }

    private static Exception Innermost(RpcException e)
    {
        Exception at = e.Status.DebugException ?? e;
        while (at.InnerException is { } inner)
            at = inner;
        return at;
    }
}
