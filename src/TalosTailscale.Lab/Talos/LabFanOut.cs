using Google.Protobuf;
using Grpc.Core;

namespace TalosTailscale.Lab.Talos;

/// <summary>Runs a call on the node, or on each of the nodes, that it names, and puts the replies together as apid does (internal/app/apid/pkg/backend).</summary>
internal static class LabFanOut
{
    /// <summary>A call with one reply, whose <c>messages</c> are joined.</summary>
    internal static async Task<T> UnaryAsync<T>(
        LabCluster cluster,
        ServerCallContext context,
        Func<LabNode, Task<T>> call
    )
        where T : class, IMessage, new()
    {
        var target = LabTarget.Of(context);
        var endpoint = LabTarget.EndpointOf(context);
        if (!target.IsFanOut)
            return await call(LabTarget.Resolve(cluster, endpoint, target.Names[0]));
        var joined = new T();
        foreach (var name in target.Names)
        {
            var part = await OneAsync(name, async () => await call(LabTarget.Resolve(cluster, endpoint, name)));
            foreach (IMessage message in Messages(part))
                SetMetadata(message, name, null);
            Append(joined, part);
        }

        return joined;
    }

    internal static Task<T> Unary<T>(LabCluster cluster, ServerCallContext context, Func<LabNode, T> call)
        where T : class, IMessage, new() => UnaryAsync(cluster, context, n => Task.FromResult(call(n)));

    /// <summary>A call with a stream of replies; each carries its node's name when several were asked.</summary>
    internal static async Task StreamAsync<T>(
        LabCluster cluster,
        ServerCallContext context,
        IServerStreamWriter<T> output,
        Func<LabNode, IAsyncEnumerable<T>> call
    )
        where T : class, IMessage, new()
    {
        var target = LabTarget.Of(context);
        var endpoint = LabTarget.EndpointOf(context);
        foreach (var name in target.Names)
        {
            try
            {
                await foreach (
                    var message in call(LabTarget.Resolve(cluster, endpoint, name))
                        .WithCancellation(context.CancellationToken)
                )
                {
                    if (target.IsFanOut)
                        SetMetadata(message, name, null);
                    await output.WriteAsync(message, context.CancellationToken);
                }
            }
            catch (RpcException e) when (target.IsFanOut)
            {
                var failed = new T();
                SetMetadata(failed, name, e.Status);
                await output.WriteAsync(failed, context.CancellationToken);
            }
        }
    }

    // A node that fails yields one message with the error in its metadata; the call as a whole is OK.
    private static async Task<T> OneAsync<T>(string name, Func<Task<T>> call)
        where T : class, IMessage, new()
    {
        try
        {
            return await call();
        }
        catch (RpcException e)
        {
            var part = new T();
            var field = part.Descriptor.FindFieldByName("messages");
            var message = field.MessageType.Parser.ParseFrom(ByteString.Empty);
            SetMetadata(message, name, e.Status);
            ((System.Collections.IList)field.Accessor.GetValue(part)).Add(message);
            return part;
        }
    }

    private static void Append<T>(T joined, T part)
        where T : IMessage
    {
        var all = Messages(joined);
        foreach (var message in Messages(part))
            all.Add(message);
    }

    private static System.Collections.IList Messages(IMessage reply) =>
        (System.Collections.IList)reply.Descriptor.FindFieldByName("messages").Accessor.GetValue(reply);

    private static void SetMetadata(IMessage message, string name, Status? status)
    {
        if (message.Descriptor.FindFieldByName("metadata") is not { } field)
            return;
        if (status is null && field.Accessor.GetValue(message) is not null)
            return;
        var metadata = new Protos.Common.Metadata { Hostname = name };
        if (status is { } s)
        {
            metadata.Error = $"rpc error: code = {s.StatusCode} desc = {s.Detail}";
            metadata.Status = new Protos.Rpc.Status { Code = (int)s.StatusCode, Message = s.Detail };
        }

        field.Accessor.SetValue(message, metadata);
    }
}
