using System.Buffers;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>The container in which a command is run.</summary>
/// <param name="Namespace">Namespace of the pod.</param>
/// <param name="Pod">Name of the pod.</param>
/// <param name="Container">Name of the container.</param>
/// <param name="Node">Name of the node, for messages.</param>
internal sealed record PodExecTarget(string Namespace, string Pod, string Container, string Node);

/// <summary>
/// The exec stream: one WebSocket that carries stdin, stdout, stderr and the exit status as messages whose first byte is
/// the channel. The client library's own exec is not used: it reads stdin channels through unbounded buffers, and its
/// v4-only default cannot pass the end of stdin on (kubernetes-client/csharp#1349).
/// </summary>
internal static class PodExec
{
    // Names, channels and the close signal: k8s.io/apimachinery/pkg/util/remotecommand/constants.go.
    internal const string V5 = "v5.channel.k8s.io";
    internal const string V4 = "v4.channel.k8s.io";
    private const byte Stdin = 0;
    private const byte Stdout = 1;
    private const byte Stderr = 2;
    private const byte Error = 3;
    private const byte Close = 255;

    private const int ChunkSize = 64 * 1024;
    private const int SendSize = 128 * 1024;
    private const int MaxStatus = 64 * 1024;
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);

    internal static async Task<int> RunAsync(
        KubernetesConnection connection,
        PodExecTarget target,
        IReadOnlyList<string> command,
        Stream? stdin,
        Stream stdout,
        Stream stderr,
        CancellationToken cancellationToken
    )
    {
        using var socket = new ClientWebSocket();
        await ConnectAsync(connection, target, command, stdin is not null, socket, cancellationToken)
            .ConfigureAwait(false);
        // A runtime that waits for somebody to read says nothing at all.
        using var watch = new CommandWatch(connection.ExecStallLimit, cancellationToken);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(watch.Token);
        var sending = stdin is null ? Task.CompletedTask : SendAsync(socket, stdin, watch, ended.Token);
        V1Status? status;
        try
        {
            status = await ReceiveAsync(socket, target, stdout, stderr, watch).ConfigureAwait(false);
        }
        catch (Exception e) when (watch.GaveUp && (e is OperationCanceledException || PodExecFailures.IsBroken(e)))
        {
            socket.Abort();
            await FirstFailureAsync(sending, ended).ConfigureAwait(false);
            watch.ThrowIfInputFailed();
            throw KubernetesErrors.ExecStalled.New(
                $"The command in the pod '{target.Namespace}/{target.Pod}' on '{target.Node}' neither took nor gave a byte for {connection.ExecStallLimit.TotalSeconds:0} s.",
                target.Node,
                e
            );
        }
        catch (Exception e) when (PodExecFailures.IsBroken(e))
        {
            throw PodExecFailures.Lost(target, e, await FirstFailureAsync(sending, ended).ConfigureAwait(false));
        }
        catch
        {
            await FirstFailureAsync(sending, ended).ConfigureAwait(false);
            throw;
        }
        // The command may end without having read all of its input: that is its right, and its exit code tells.
        await FirstFailureAsync(sending, ended).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        watch.ThrowIfInputFailed();
        await GoodbyeAsync(socket).ConfigureAwait(false);
        return ExitCode(target, status);
    }

    private static async Task ConnectAsync(
        KubernetesConnection connection,
        PodExecTarget target,
        IReadOnlyList<string> command,
        bool hasStdin,
        ClientWebSocket socket,
        CancellationToken cancellationToken
    )
    {
        var options = socket.Options;
        options.AddSubProtocol(V5);
        options.AddSubProtocol(V4);
        options.KeepAliveInterval = TimeSpan.FromSeconds(20);
        options.CollectHttpResponseDetails = true;
        await connection.PrepareAsync(cancellationToken).ConfigureAwait(false);
        var answer = new HandshakeAnswer(connection.Handler);
        using var invoker = new HttpMessageInvoker(answer, disposeHandler: false);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(connection.RequestTimeout);
        try
        {
            await socket
                .ConnectAsync(Address(connection, target, command, hasStdin), invoker, deadline.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is WebSocketException or HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw PodExecFailures.Refused(connection, target, socket.HttpStatusCode, answer.Body, e);
        }
        if (socket.SubProtocol is not (V4 or V5))
            throw KubernetesErrors.ExecProtocol.New(
                $"'{connection.Server}' chose the exec protocol '{socket.SubProtocol}', expected {V5} or {V4}.",
                target.Node
            );
    }

    private static Uri Address(
        KubernetesConnection connection,
        PodExecTarget target,
        IReadOnlyList<string> command,
        bool hasStdin
    )
    {
        var path = new StringBuilder(connection.Server.AbsolutePath.TrimEnd('/'))
            .Append("/api/v1/namespaces/")
            .Append(Uri.EscapeDataString(target.Namespace))
            .Append("/pods/")
            .Append(Uri.EscapeDataString(target.Pod))
            .Append("/exec");
        var query = new StringBuilder("container=")
            .Append(Uri.EscapeDataString(target.Container))
            .Append("&stdin=")
            .Append(hasStdin ? "true" : "false")
            .Append("&stdout=true&stderr=true&tty=false");
        foreach (var argument in command)
            query.Append("&command=").Append(Uri.EscapeDataString(argument));
        return new UriBuilder(connection.Server)
        {
            Scheme = "wss",
            Path = path.ToString(),
            Query = query.ToString(),
        }.Uri;
    }

    private static async Task SendAsync(
        ClientWebSocket socket,
        Stream stdin,
        CommandWatch watch,
        CancellationToken cancellationToken
    )
    {
        var buffer = ArrayPool<byte>.Shared.Rent(SendSize + 1);
        try
        {
            buffer[0] = Stdin;
            int read;
            while (
                (
                    read = await watch
                        .ReadAsync(stdin, buffer.AsMemory(1, SendSize), cancellationToken)
                        .ConfigureAwait(false)
                ) > 0
            )
            {
                await socket
                    .SendAsync(buffer.AsMemory(0, read + 1), WebSocketMessageType.Binary, true, cancellationToken)
                    .ConfigureAwait(false);
                watch.Moved();
            }

            if (socket.SubProtocol == V5)
                await socket
                    .SendAsync(new byte[] { Close, Stdin }, WebSocketMessageType.Binary, true, cancellationToken)
                    .ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads to the status message, or to the end of the stream: then null.</summary>
    private static async Task<V1Status?> ReceiveAsync(
        ClientWebSocket socket,
        PodExecTarget target,
        Stream stdout,
        Stream stderr,
        CommandWatch watch
    )
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize + 1);
        using var status = new MemoryStream();
        try
        {
            var channel = -1; // of the message of which a part was read
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), watch.Token).ConfigureAwait(false);
                watch.Moved();
                if (part.MessageType == WebSocketMessageType.Close)
                    return status.Length > 0 ? ParseStatus(target, status) : null;
                var data = buffer.AsMemory(0, part.Count);
                if (channel < 0 && data.Length > 0)
                {
                    channel = data.Span[0];
                    data = data[1..];
                }
                switch (channel)
                {
                    case Stdout:
                        await stdout.WriteAsync(data, watch.Token).ConfigureAwait(false);
                        break;
                    case Stderr:
                        await stderr.WriteAsync(data, watch.Token).ConfigureAwait(false);
                        break;
                    case Error when status.Length + data.Length > MaxStatus:
                        throw KubernetesErrors.ExecProtocol.New(
                            $"The status of a command on '{target.Node}' is longer than {MaxStatus} bytes.",
                            target.Node
                        );
                    case Error:
                        status.Write(data.Span);
                        break;
                    case -1 or Stdin or Close:
                        break; // servers open each channel with an empty message, and may close one
                    default:
                        throw KubernetesErrors.ExecProtocol.New(
                            $"The exec stream of '{target.Node}' has a message for channel {channel}, expected 0 to 3.",
                            target.Node
                        );
                }
                if (!part.EndOfMessage)
                    continue;
                if (channel == Error && status.Length > 0)
                    return ParseStatus(target, status);
                channel = -1;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static V1Status ParseStatus(PodExecTarget target, MemoryStream status)
    {
        try
        {
            return KubernetesJson.Deserialize<V1Status>(
                Encoding.UTF8.GetString(status.GetBuffer(), 0, (int)status.Length)
            );
        }
        catch (JsonException e)
        {
            throw KubernetesErrors.ExecProtocol.New(
                $"The status of a command on '{target.Node}' is not a Kubernetes Status.",
                target.Node,
                e
            );
        }
    }

    private static int ExitCode(PodExecTarget target, V1Status? status)
    {
        if (status is null)
            throw PodExecFailures.Lost(target, null, null);
        if (status.Status == "Success")
            return 0;
        var cause = status.Details?.Causes?.FirstOrDefault(c => c.Reason == "ExitCode");
        if (status.Reason == "NonZeroExitCode" && int.TryParse(cause?.Message, out var code))
            return code;
        throw KubernetesErrors.ExecRefused.New(
            $"The command could not be run in the pod '{target.Namespace}/{target.Pod}' on '{target.Node}': {KubernetesCall.Sentence(status.Message ?? status.Reason ?? "no reason given")}.",
            target.Node
        );
    }

    // Stops the sender and waits for it, since the caller's stream is the caller's again when we return.
    private static async Task<Exception?> FirstFailureAsync(Task sending, CancellationTokenSource ended)
    {
        await ended.CancelAsync().ConfigureAwait(false);
        try
        {
            await sending.ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
            when (e
                    is WebSocketException
                        or IOException
                        or OperationCanceledException
                        or ObjectDisposedException
                        or InvalidOperationException
                        or UnauthorizedAccessException
                        or TsException
            )
        {
            return e;
        }
    }

    private static async Task GoodbyeAsync(ClientWebSocket socket)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            return;
        using var deadline = new CancellationTokenSource(s_goodbye);
        try
        {
            await socket
                .CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (PodExecFailures.IsBroken(e) || e is OperationCanceledException)
        {
            socket.Abort(); // the exit code is known; how the server hangs up is its own affair
        }
    }
}
