using System.Globalization;
using Grpc.Core;
using Grpc.Core.Interceptors;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary>What every call passes: role, routing, version of the node, and the faults that hit calls.</summary>
internal sealed class LabCallGate(LabCluster cluster) : Interceptor
{
    // The first minor version of Talos 1 that has the service.
    private static readonly Dictionary<string, int> s_since = new(StringComparer.Ordinal)
    {
        ["machine.ImageService"] = 13,
        ["machine.LifecycleService"] = 13,
        ["machine.DebugService"] = 13,
    };

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        var node = (await EnterAsync(context, request)).Node;
        var broken =
            node is not null
            && request is ApplyConfigurationRequest { DryRun: false }
            && node.Faults.Take(LabFault.ApplyBreaks, out var how)
                ? how ?? "after"
                : null;
        if (broken != "before")
        {
            var answer = await continuation(request, context);
            if (node is not null)
                Tell(node, request);
            if (node?.Faults.Value(LabFault.AnswersLate) is { } late)
                await Task.Delay(
                    TimeSpan.Parse(late, CultureInfo.InvariantCulture),
                    cluster.Clock,
                    context.CancellationToken
                );
            if (broken is null)
                return answer;
        }

        if (broken == "silent")
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        if (broken == "reboot")
            node!.PowerCycle();
        LabTarget.ConnectionOf(context).CutAfter(0);
        throw LabTarget.Failure(StatusCode.Unavailable, "error reading from server: EOF");
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        var boot = await EnterAsync(context, request);
        await continuation(request, responseStream, context);
        if (boot.Node is { } node)
            Tell(node, request);
        boot.CheckStillUp();
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        await EnterAsync(context);
        return await continuation(requestStream, context);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        var boot = await EnterAsync(context);
        await continuation(requestStream, responseStream, context);
        boot.CheckStillUp();
    }

    private async Task<LabBootMark> EnterAsync(ServerCallContext context, object? request = null)
    {
        var (service, method) = Split(context.Method);
        var endpoint = LabTarget.EndpointOf(context);
        var connection = LabTarget.ConnectionOf(context);
        if (!LabRoles.MayCall(connection.Roles, service, method))
            throw LabTarget.Failure(StatusCode.PermissionDenied, "not authorized");
        var target = LabTarget.Parse(context, endpoint);
        target.Attach(context);
        if (target.IsFanOut)
            return default;

        var node = LabTarget.Resolve(cluster, endpoint, target.Names[0]);
        if (s_since.TryGetValue(service, out var since) && node.Minor < since)
            throw LabTarget.Failure(StatusCode.Unimplemented, $"unknown service {service}");
        if (cluster.Options.Jitter > TimeSpan.Zero)
            await Task.Delay(
                cluster.Options.Jitter * Random.Shared.NextDouble(),
                cluster.Clock,
                context.CancellationToken
            );
        if (node.Faults.Has(LabFault.NeverAnswers))
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        Fail(node, method, request);
        if (node.Faults.Take(LabFault.CutConnection, out var bytes))
            connection.CutAfter(long.Parse(bytes ?? "0", CultureInfo.InvariantCulture));
        if (
            node.Faults.Has(LabFault.RebootsHalfWay)
            && method is "ApplyConfiguration" or "Upgrade" or "ImagePull" or "Pull"
            && node.Faults.Take(LabFault.RebootsHalfWay, out _)
        )
        {
            node.PowerCycle();
            throw LabTarget.Failure(StatusCode.Unavailable, "error reading from server: EOF");
        }

        return new LabBootMark(node, node.BootId);
    }

    private static void Tell(LabNode node, object request)
    {
        LabTouch[] touches = request switch
        {
            ApplyConfigurationRequest { DryRun: false } => [LabTouch.Config],
            RebootRequest => [LabTouch.Restart],
            LifecycleServiceUpgradeRequest => [LabTouch.Image],
            UpgradeRequest or RollbackRequest => [LabTouch.Image, LabTouch.Restart],
            _ => [],
        };
        foreach (var touch in touches)
            node.Touch(touch);
    }

    private static void Fail(LabNode node, string method, object? request)
    {
        if (node.Faults.Value(LabFault.CallFails) is not { } value)
            return;
        var parts = value.Split(' ', 3);
        string[] names = request switch
        {
            Protos.Cosi.GetRequest get => [get.Type, $"{get.Type}/{get.Id}"],
            Protos.Cosi.ListRequest list => [list.Type],
            ReadRequest read => [method, read.Path],
            ListRequest list => [method, list.Root],
            _ => [method],
        };
        if (names.Contains(parts[0]))
            throw LabTarget.Failure(Enum.Parse<StatusCode>(parts[1]), parts.Length > 2 ? parts[2] : parts[1]);
    }

    private static (string Service, string Method) Split(string path)
    {
        var slash = path.LastIndexOf('/');
        return (path[1..slash], path[(slash + 1)..]);
    }

    /// <summary>The boot in which a call began: a stream that outlives it ends as a broken connection does.</summary>
    private readonly record struct LabBootMark(LabNode? Node, Guid BootId)
    {
        internal void CheckStillUp()
        {
            if (Node is not null && (!Node.IsApiUp || Node.BootId != BootId))
                throw LabTarget.Failure(StatusCode.Unavailable, "error reading from server: EOF");
        }
    }
}
