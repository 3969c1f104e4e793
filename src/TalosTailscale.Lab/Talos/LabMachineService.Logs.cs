using System.Runtime.CompilerServices;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary>Logs, kernel messages and events.</summary>
internal sealed partial class LabMachineService
{
    // Talos splits a log wherever its buffer ends; small odd pieces make a client prove that it joins lines, and
    // characters, itself.
    private const int ChunkSize = 61;

    public override Task Logs(
        LogsRequest request,
        IServerStreamWriter<Data> responseStream,
        ServerCallContext context
    ) => LabFanOut.StreamAsync(cluster, context, responseStream, node =>
        {
            if (!node.Logs.Has(request.Id))
                throw LabTarget.Failure(StatusCode.Unknown, $"log \"{request.Id}\" was not registered");
            return Chunks(node.Logs[request.Id], request.TailLines, request.Follow, context.CancellationToken);
        });

    public override Task<LogsContainersResponse> LogsContainers(Empty request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node =>
        {
            var message = new LogsContainer();
            message.Ids.AddRange(node.Logs.Ids);
            return new LogsContainersResponse { Messages = { message } };
        });

    public override Task Dmesg(
        DmesgRequest request,
        IServerStreamWriter<Data> responseStream,
        ServerCallContext context
    ) =>
        LabFanOut.StreamAsync(cluster, context, responseStream, node =>
            Lines(node.Logs["kernel"], request.Tail ? 0 : -1, request.Follow, context.CancellationToken)
        );

    public override Task Events(
        EventsRequest request,
        IServerStreamWriter<Event> responseStream,
        ServerCallContext context
    ) =>
        LabFanOut.StreamAsync(cluster, context, responseStream, node =>
            EventsOf(node, request, context.CancellationToken)
        );

    private static async IAsyncEnumerable<Data> Chunks(
        LabLog log,
        int tail,
        bool follow,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var line in log.ReadAsync(tail, follow, cancellationToken))
        {
            var bytes = Encoding.UTF8.GetBytes(line + "\n");
            for (var at = 0; at < bytes.Length; at += ChunkSize)
                yield return new Data
                {
                    Bytes = ByteString.CopyFrom(bytes, at, Math.Min(ChunkSize, bytes.Length - at)),
                };
        }

        EndOf(follow);
    }

    private static async IAsyncEnumerable<Data> Lines(
        LabLog log,
        int tail,
        bool follow,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var line in log.ReadAsync(tail, follow, cancellationToken))
            yield return new Data { Bytes = ByteString.CopyFromUtf8(line + "\n") };
        EndOf(follow);
    }

    // A log that is followed ends with its node: by the connection, or by what apid says of it, whichever comes first.
    private static void EndOf(bool follow)
    {
        if (follow)
            throw LabTarget.Failure(StatusCode.Unavailable, "error reading from server: EOF");
    }

    private static async IAsyncEnumerable<Event> EventsOf(
        LabNode node,
        EventsRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        yield return new Event();
        var (tail, next) = node.Events.Listen(request);
        try
        {
            foreach (var item in tail.Where(Wanted))
                yield return ToEvent(item);
            await foreach (var item in next.Reader.ReadAllAsync(cancellationToken))
            {
                if (Wanted(item))
                    yield return ToEvent(item);
            }
        }
        finally
        {
            node.Events.Unlisten(next);
        }

        bool Wanted(LabNodeEvent e) => request.WithActorId.Length == 0 || e.ActorId == request.WithActorId;
    }

    private static Event ToEvent(LabNodeEvent item) =>
        new()
        {
            Id = item.Id,
            ActorId = item.ActorId,
            Data = new Any
            {
                TypeUrl = "talos/runtime/" + item.Payload.Descriptor.FullName,
                Value = item.Payload.ToByteString(),
            },
        };
}
