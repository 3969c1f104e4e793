using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>
/// <c>pods/exec</c> over WebSocket, sub-protocols v5 and v4: channels 0 to 4, in v5 also the message that closes one
/// (k8s.io/apimachinery/pkg/util/remotecommand and .../httpstream/wsstream).
/// </summary>
internal sealed class KubeExec(KubeStore store, LabKubelet kubelet, LabKubernetesFaults faults)
{
    private const string V5 = "v5.channel.k8s.io";
    private const string V4 = "v4.channel.k8s.io";
    private const int ChunkSize = 32 * 1024;

    private LabKubelet Kubelet => kubelet;

    private LabKubernetesFaults Faults => faults;

    internal async Task RunAsync(KubeRequest request)
    {
        var item = store.Get(KubeResource.Pods, request.Namespace, request.Name!)
            ?? throw KubeFailure.NotFound(KubeResource.Pods, request.Name!);
        var sockets = request.Context.WebSockets;
        if (!sockets.IsWebSocketRequest)
            throw KubeFailure.Bad("Upgrade request required");
        var protocol = sockets.WebSocketRequestedProtocols.FirstOrDefault(p => p == V4 || (p == V5 && !faults.OnlyV4))
            ?? throw KubeFailure.Bad("unable to upgrade: no supported protocol");
        var command = request.Context.Request.Query["command"].Select(c => c!).ToArray();
        if (command.Length == 0)
            throw KubeFailure.Bad("you must specify at least 1 command for the container");
        if (item.At("spec.nodeName").Length == 0)
            throw KubeFailure.Bad($"pod {request.Name} does not have a host assigned");
        if (faults.TakeExecRefusal())
            throw new KubeFailure(
                500,
                "InternalError",
                "Internal error occurred: unable to upgrade connection: container not found"
            );
        using var socket = await sockets.AcceptWebSocketAsync(protocol);
        using var session = new Session(this, socket, request, command, protocol == V5);
        await session.RunAsync(kubelet.Find(request.Namespace!, request.Name!));
    }

    private static byte[] Status(JsonObject status) => [3, .. Encoding.UTF8.GetBytes(status.ToJsonString())];

    private static JsonObject ExitStatus(int code) =>
        code == 0
            ? new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Success" }
            : new JsonObject
            {
                ["metadata"] = new JsonObject(),
                ["status"] = "Failure",
                ["message"] = $"command terminated with non-zero exit code: exit status {code}",
                ["reason"] = "NonZeroExitCode",
                ["details"] = new JsonObject
                {
                    ["causes"] = new JsonArray(
                        new JsonObject
                        {
                            ["reason"] = "ExitCode",
                            ["message"] = code.ToString(CultureInfo.InvariantCulture),
                        }
                    ),
                },
            };

    // With containerd the copy of the input waits for a reader: past what a pipe holds neither more input is taken nor an
    // exit code told, though the command has ended.
    internal const int PipeSize = 65_536;

    /// <summary>One command.</summary>
    private sealed class Session(KubeExec owner, WebSocket socket, KubeRequest request, string[] command, bool canClose)
        : IDisposable
    {
        private readonly SemaphoreSlim _sending = new(1);
        private readonly bool _hasInput = request.Query("stdin") is "true" or "1";
        private (long In, long Out) _cut = (-1, -1);
        private long _received;
        private long _unread;
        private Task _writing = Task.CompletedTask;
        private long _sent;

        internal async Task RunAsync(LabPod? pod)
        {
            await SendAsync(new byte[] { 1 }); // an empty message tells the client that the stream is open
            if (pod?.Sandbox is not { } sandbox)
            {
                await FailAsync($"container not found (\"{request.Query("container")}\")");
                return;
            }
            if (owner.Faults.ExecProblem is { } problem)
            {
                await FailAsync(problem);
                return;
            }
            _cut = owner.Faults.ExecCut(_hasInput);
            Process process;
            try
            {
                string[] words = [.. command.Select(w => pod.Mounts?.Translate(pod.Container, w) ?? w)];
                process = sandbox.Start(words, pod.Node!.Facts, _hasInput);
            }
            catch (FileNotFoundException e)
            {
                await FailAsync(
                    $"error executing command in container: failed to exec in container: OCI runtime exec failed: exec failed: unable to start container process: {e.Message}: unknown"
                );
                return;
            }
            try
            {
                await ServeAsync(pod, process);
            }
            catch (Exception e)
                when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                request.Context.Abort(); // the client is gone, or the fault is that it seems so
            }
            finally
            {
                // A runtime closes the streams of a command whose client is gone; it does not kill it.
                await EndInputAsync(process);
                if (!process.WaitForExit(TimeSpan.FromMilliseconds(500)) || request.Aborted.IsCancellationRequested)
                    LabPodSandbox.KillTree(process);
                if (process.HasExited)
                    pod.Node?.CommandEnded(command, process.ExitCode);
                sandbox.Forget(process);
            }
        }

        public void Dispose() => _sending.Dispose();

        private async Task ServeAsync(LabPod pod, Process process)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted);
            var input = ReceiveAsync(pod, process, ended.Token);
            var output = Task.WhenAll(
                CopyAsync(1, process.StandardOutput.BaseStream),
                CopyAsync(2, process.StandardError.BaseStream)
            );
            if (await Task.WhenAny(input, output) == input && input.IsFaulted)
                await input;
            await Task.WhenAny(output, pod.Kill);
            if (!output.IsCompleted)
                throw new IOException("The machine is gone.");
            await output;
            await process.WaitForExitAsync(request.Aborted);
            await _writing;

            if (_unread > PipeSize)
                await Task.Delay(Timeout.Infinite, request.Aborted);
            if (process.ExitCode == 137 && pod.End.IsCompleted)
                await Task.Delay(50); // what killed it shows in the pod's status first
            await SendAsync(Status(ExitStatus(owner.Faults.ExitCode ?? process.ExitCode)));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", request.Aborted);
            await Task.WhenAny(input, Task.Delay(1000, ended.Token));
            await ended.CancelAsync();
        }

        private async Task ReceiveAsync(LabPod pod, Process process, CancellationToken cancellationToken)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
            try
            {
                var channel = -1;
                while (true)
                {
                    var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                    if (part.MessageType == WebSocketMessageType.Close)
                        return;
                    var data = buffer.AsMemory(0, part.Count);
                    if (channel < 0 && data.Length > 0)
                        (channel, data) = (data.Span[0], data[1..]);
                    if (channel == 0)
                        await WriteInputAsync(pod, process, data);
                    else if (channel == 255 && canClose && data.Length == 1 && data.Span[0] == 0)
                        await EndInputAsync(process);
                    if (part.EndOfMessage)
                        channel = -1;
                }
            }
            catch (WebSocketException) when (process.HasExited)
            {
                return; // the client hung up after the command's end
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        private async Task WriteInputAsync(LabPod pod, Process process, ReadOnlyMemory<byte> data)
        {
            if (_cut.In >= 0 && _received + data.Length >= _cut.In && owner.Faults.TakeExecCut())
            {
                await WriteAsync(process, data[..(int)(_cut.In - _received)]);
                request.Context.Abort();
                throw new IOException("The connection was cut.");
            }
            _received += data.Length;
            await (_writing = WriteAsync(process, data));
            owner.Kubelet.CountInput(pod, data.Length, _received);
            if (_unread > PipeSize)
                await Task.Delay(Timeout.Infinite, request.Aborted);
        }

        // A command may stop reading: what a pipe holds of its input goes nowhere, and the rest blocks.
        private async Task WriteAsync(Process process, ReadOnlyMemory<byte> data)
        {
            try
            {
                await process.StandardInput.BaseStream.WriteAsync(data);
                await process.StandardInput.BaseStream.FlushAsync();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                _unread += data.Length;
            }
        }

        private static async Task EndInputAsync(Process process)
        {
            try
            {
                await process.StandardInput.BaseStream.DisposeAsync();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                Debug.WriteLine(e.Message);
            }
        }

        private async Task CopyAsync(byte channel, Stream output)
        {
            var buffer = new byte[ChunkSize + 1];
            buffer[0] = channel;
            int read;
            while ((read = await output.ReadAsync(buffer.AsMemory(1))) > 0)
            {
                if (channel == 1 && _cut.Out >= 0 && _sent + read >= _cut.Out && owner.Faults.TakeExecCut())
                {
                    await SendAsync(buffer.AsMemory(0, 1 + (int)(_cut.Out - _sent)));
                    request.Context.Abort();
                    throw new IOException("The connection was cut.");
                }
                if (channel == 1)
                    _sent += read;
                await SendAsync(buffer.AsMemory(0, read + 1));
            }
        }

        private async Task FailAsync(string message)
        {
            await SendAsync(
                Status(
                    new JsonObject
                    {
                        ["metadata"] = new JsonObject(),
                        ["status"] = "Failure",
                        ["reason"] = "InternalError",
                        ["code"] = 500,
                        ["message"] = "Internal error occurred: " + message,
                    }
                )
            );
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", request.Aborted);
        }

        private async Task SendAsync(ReadOnlyMemory<byte> message)
        {
            await _sending.WaitAsync(request.Aborted);
            try
            {
                await socket.SendAsync(message, WebSocketMessageType.Binary, true, request.Aborted);
            }
            finally
            {
                _sending.Release();
            }
        }
    }
}
