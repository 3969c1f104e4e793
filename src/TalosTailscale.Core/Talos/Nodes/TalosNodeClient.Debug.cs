using Google.Protobuf;
using Grpc.Core;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <content>Containers on the node; Talos 1.13 and later.</content>
public sealed partial class TalosNodeClient
{
    private const int StdinChunkBytes = 256 << 10;

    /// <summary>True if the node has DebugService, judged by its version.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>True from 1.13 on.</returns>
    public Task<bool> HasDebugServiceAsync(CancellationToken cancellation = default) =>
        HasServicesOf113Async(cancellation);

    /// <summary>Runs a container to its end. Cancelling ends the container.</summary>
    /// <param name="container">What to run.</param>
    /// <param name="stdin">Its input; null for none. Its end closes the container's input.</param>
    /// <param name="stdout">Takes its output; standard error is in it as well.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosUnimplemented"/> before 1.13,
    /// <see cref="TalosErrors.TalosContainerStalled"/>, and others.</exception>
    public Task<int> DebugRunAsync(
        TalosDebugContainer container,
        Stream? stdin,
        Stream stdout,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentNullException.ThrowIfNull(stdout);
        var spec = new DebugContainerRunRequestSpec
        {
            Containerd = Instance(container.Images),
            ImageName = container.Image,
            Profile = DebugContainerRunRequestSpec.Types.Profile.Privileged,
        };
        spec.Args.AddRange(container.Arguments);
        foreach ((string name, string value) in container.Environment)
            spec.Env[name] = value;
        return _caller.DuplexAsync(
            TalosCall.Change("DebugService.ContainerRun", TalosCall.Admin),
            (invoker, options, stop) => RunAsync(invoker, options, spec, stdin, stdout, stop),
            cancellation
        );
    }

    private async Task<int> RunAsync(
        CallInvoker invoker,
        CallOptions options,
        DebugContainerRunRequestSpec spec,
        Stream? stdin,
        Stream stdout,
        CancellationToken stop
    )
    {
        using AsyncDuplexStreamingCall<DebugContainerRunRequest, DebugContainerRunResponse> call =
            new DebugService.DebugServiceClient(invoker).ContainerRun(options);
        TimeSpan limit = _caller.Client.Options.ContainerStallTimeout;
        using var watch = new CommandWatch(limit, stop);
        try
        {
            await call
                .RequestStream.WriteAsync(new DebugContainerRunRequest { Spec = spec }, watch.Token)
                .ConfigureAwait(false);
            return await ExchangeAsync(call, stdin, stdout, watch).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException && watch.GaveUp)
        {
            watch.ThrowIfInputFailed();
            throw TalosErrors.TalosContainerStalled.New(
                $"The container on '{Node}' neither took nor gave a byte for {limit.TotalSeconds:0} s.",
                Node,
                e
            );
        }
    }

    private async Task<int> ExchangeAsync(
        AsyncDuplexStreamingCall<DebugContainerRunRequest, DebugContainerRunResponse> call,
        Stream? stdin,
        Stream stdout,
        CommandWatch watch
    )
    {
        // A container may end without reading its input: then the sending is given up, not the call.
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(watch.Token);
        Task send = SendAsync(call.RequestStream, stdin, watch, sending.Token);
        int? exitCode = null;
        while (exitCode is null && await call.ResponseStream.MoveNext(watch.Token).ConfigureAwait(false))
        {
            watch.Moved();
            DebugContainerRunResponse answer = call.ResponseStream.Current;
            if (answer.RespCase == DebugContainerRunResponse.RespOneofCase.ExitCode)
                exitCode = answer.ExitCode;
            else
                await stdout.WriteAsync(answer.StdoutData.Memory, watch.Token).ConfigureAwait(false);
        }

        await sending.CancelAsync().ConfigureAwait(false);
        try
        {
            await send.ConfigureAwait(false);
        }
        catch (Exception e)
            when (exitCode is not null && e is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // What the container did not read does not matter any more.
            _ = e;
        }

        return exitCode
            ?? throw TalosErrors.TalosProtocolViolation.New(
                $"DebugService on '{Node}' ended without an exit code.",
                Node
            );
    }

    private static async Task SendAsync(
        IClientStreamWriter<DebugContainerRunRequest> requests,
        Stream? stdin,
        CommandWatch watch,
        CancellationToken stop
    )
    {
        if (stdin is not null)
        {
            byte[] buffer = new byte[StdinChunkBytes];
            while (await watch.ReadAsync(stdin, buffer, stop).ConfigureAwait(false) is var count && count > 0)
            {
                var part = new DebugContainerRunRequest { StdinData = ByteString.CopyFrom(buffer, 0, count) };
                await requests.WriteAsync(part, stop).ConfigureAwait(false);
                watch.Moved();
            }
        }

        await requests.CompleteAsync().ConfigureAwait(false);
    }
}
