using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary>
/// <c>machine.DebugService</c>, since Talos 1.13: a container on the node, here a process without privileges in the same
/// kind of sandbox as a lab pod, which can mount the folder that stands for the ESP. Works while Kubernetes is down.
/// </summary>
/// <remarks>
/// Harder than Talos: there the exit code comes back although nobody has read the input (internal/app/debug/
/// container_streams.go), here no more than out of an exec of the lab.
/// </remarks>
internal sealed class LabDebugService(LabCluster cluster) : DebugService.DebugServiceBase
{
    // The node's disk and images fail alike by whatever way they are used.
    private LabKubernetesFaults Faults => cluster.Part<LabKubernetesPart>()!.Api.Faults;

    public override async Task ContainerRun(
        IAsyncStreamReader<DebugContainerRunRequest> requestStream,
        IServerStreamWriter<DebugContainerRunResponse> responseStream,
        ServerCallContext context
    )
    {
        var node = LabTarget.Resolve(cluster, LabTarget.EndpointOf(context), LabTarget.Of(context).Names[0]);
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.Spec is not { } spec)
            throw LabTarget.Failure(StatusCode.InvalidArgument, "the first message must be the container spec");
        if (node.Images.Find(LabImageService.Namespace(spec.Containerd), spec.ImageName) is null)
            throw LabTarget.Failure(StatusCode.NotFound, $"image \"{spec.ImageName}\": not found");

        var root = Path.Combine(cluster.Folder, "debug", Guid.NewGuid().ToString("N"));
        using var sandbox = new LabPodSandbox(root, Faults, LabKubernetesPart.FactsOf(node));
        using var process = Start(sandbox, spec, node);
        await RunAsync(process, sandbox, requestStream, responseStream, context.CancellationToken);
    }

    private static Process Start(LabPodSandbox sandbox, DebugContainerRunRequestSpec spec, LabNode node)
    {
        var command = spec.Args.Count > 0 ? spec.Args.ToArray() : ["sh"];
        if (spec.Env.Count > 0)
            command = ["env", .. spec.Env.Select(e => $"{e.Key}={e.Value}"), .. command];
        try
        {
            return sandbox.Start(command, LabKubernetesPart.FactsOf(node), input: true);
        }
        catch (FileNotFoundException e)
        {
            throw LabTarget.Failure(StatusCode.Unknown, $"failed to create container: {e.Message}");
        }
    }

    private static async Task RunAsync(
        Process process,
        LabPodSandbox sandbox,
        IAsyncStreamReader<DebugContainerRunRequest> input,
        IServerStreamWriter<DebugContainerRunResponse> output,
        CancellationToken cancellationToken
    )
    {
        // Responses of both pipes go out one at a time, as gRPC demands.
        using var writing = new SemaphoreSlim(1);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var killed = cancellationToken.Register(sandbox.Kill);
        var feed = new Feed(process, input);
        var feeding = feed.RunAsync(ended.Token);
        await Task.WhenAll(
            CopyAsync(process.StandardOutput.BaseStream, output, writing, cancellationToken),
            CopyAsync(process.StandardError.BaseStream, output, writing, cancellationToken)
        );
        await process.WaitForExitAsync(cancellationToken);
        await feed.Writing;
        if (feed.Unread > KubeExec.PipeSize)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        await ended.CancelAsync();
        await feeding;
        await output.WriteAsync(new DebugContainerRunResponse { ExitCode = process.ExitCode }, cancellationToken);
    }

    /// <summary>The input of a container.</summary>
    private sealed class Feed(Process process, IAsyncStreamReader<DebugContainerRunRequest> input)
    {
        /// <summary>The write that is going on, or was the last.</summary>
        internal Task Writing { get; private set; } = Task.CompletedTask;

        /// <summary>How many bytes came that nobody read.</summary>
        internal long Unread { get; private set; }

        internal async Task RunAsync(CancellationToken cancellationToken)
        {
            try
            {
                while (await input.MoveNext(cancellationToken))
                {
                    if (input.Current.HasStdinData)
                        await (Writing = WriteAsync(input.Current.StdinData));
                    else if (input.Current.HasSignal)
                        LabPodSandbox.KillTree(process);
                    if (Unread > KubeExec.PipeSize)
                        await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                process.StandardInput.Close();
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                return; // the container has ended, or its client is gone
            }
        }

        private async Task WriteAsync(ByteString data)
        {
            try
            {
                await process.StandardInput.BaseStream.WriteAsync(data.Memory);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                Unread += data.Length;
            }
        }
    }

    private static async Task CopyAsync(
        Stream from,
        IServerStreamWriter<DebugContainerRunResponse> to,
        SemaphoreSlim writing,
        CancellationToken cancellationToken
    )
    {
        var buffer = new byte[32 * 1024];
        for (int count; (count = await from.ReadAsync(buffer, cancellationToken)) > 0; )
        {
            await writing.WaitAsync(cancellationToken);
            await to.WriteAsync(
                new DebugContainerRunResponse { StdoutData = ByteString.CopyFrom(buffer, 0, count) },
                cancellationToken
            );
            writing.Release();
        }
    }
}
