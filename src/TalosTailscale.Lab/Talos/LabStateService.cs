using System.Text.RegularExpressions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Cosi;
using Metadata = TalosTailscale.Protos.Cosi.Metadata;

namespace TalosTailscale.Lab.Talos;

/// <summary><c>cosi.resource.State</c>: the reading calls, with Talos's access rules (internal/app/resources/access.go).</summary>
internal sealed class LabStateService(LabCluster cluster) : State.StateBase
{
    public override Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        var node = Enter(context, request.Namespace, request.Type);
        var resource = List(node, request.Namespace, request.Type).FirstOrDefault(r => r.Id == request.Id)
            ?? throw LabTarget.Failure(
                StatusCode.NotFound,
                $"resource {request.Type}({request.Namespace}/{request.Id}@undefined) doesn't exist"
            );
        var response = new GetResponse { Resource = ToResource(resource) };
        if (request.Type == LabResourceTypes.MachineConfig)
            LabOtherHands.AfterRead(node);
        return Task.FromResult(response);
    }

    public override async Task List(
        ListRequest request,
        IServerStreamWriter<ListResponse> responseStream,
        ServerCallContext context
    )
    {
        var node = Enter(context, request.Namespace, request.Type);
        foreach (var resource in Matching(List(node, request.Namespace, request.Type), request.Options?.IdQuery))
            await responseStream.WriteAsync(
                new ListResponse { Resource = ToResource(resource) },
                context.CancellationToken
            );
        if (request.Type == LabResourceTypes.MachineConfig)
            LabOtherHands.AfterRead(node);
    }

    public override async Task Watch(
        WatchRequest request,
        IServerStreamWriter<WatchResponse> responseStream,
        ServerCallContext context
    )
    {
        var node = Enter(context, request.Namespace, request.Type);
        if (request.HasId && request.Options?.BootstrapContents == true)
            throw LabTarget.Failure(
                StatusCode.Unimplemented,
                "bootstrap contents is not implemented for resource watch"
            );
        var (now, changes) = node.Resources.Watch(request.Namespace, request.Type);
        try
        {
            await responseStream.WriteAsync(new WatchResponse(), context.CancellationToken);
            foreach (var response in Bootstrap(request, now))
                await responseStream.WriteAsync(response, context.CancellationToken);
            await foreach (var change in changes.Reader.ReadAllAsync(context.CancellationToken))
            {
                if (Wanted(request, change.Resource))
                    await responseStream.WriteAsync(
                        new WatchResponse { Event = { ToEvent(change) } },
                        context.CancellationToken
                    );
            }
        }
        finally
        {
            node.Resources.Unwatch(changes);
        }
    }

    private LabNode Enter(ServerCallContext context, string ns, string type)
    {
        if (!LabResourceTypes.IsNamespace(ns))
            throw LabTarget.Failure(StatusCode.PermissionDenied, $"namespace \"{ns}\" is not supported");
        var node = LabTarget.Resolve(cluster, LabTarget.EndpointOf(context), LabTarget.Of(context).Names[0]);
        if (!LabResourceTypes.Has(type, node.Minor))
            throw LabTarget.Failure(StatusCode.PermissionDenied, $"resource type \"{type}\" is not supported");
        if (LabResourceTypes.IsSensitive(type) && !LabTarget.ConnectionOf(context).Roles.Contains(LabRoles.Admin))
            throw LabTarget.Failure(StatusCode.PermissionDenied, "not authorized");
        node.Refresh();
        return node;
    }

    private static IReadOnlyList<LabResource> List(LabNode node, string ns, string type) =>
        type == LabResourceTypes.Definition && ns == "meta"
            ? LabResourceDefinitions.Of(node.Minor)
            : node.Resources.List(ns, type);

    // A watch on one id begins with what it is now; one on a type says it only if asked, and then marks the end.
    private static IEnumerable<WatchResponse> Bootstrap(WatchRequest request, IReadOnlyList<LabResource> now)
    {
        if (request.HasId)
        {
            var one = now.FirstOrDefault(r => r.Id == request.Id);
            yield return new WatchResponse
            {
                Event =
                {
                    one is not null
                        ? new Event { EventType = EventType.Created, Resource = ToResource(one) }
                        : new Event { EventType = EventType.Destroyed, Resource = Tombstone(request) },
                },
            };
            yield break;
        }

        if (request.Options?.BootstrapContents != true)
            yield break;
        foreach (var resource in Matching(now, request.Options.IdQuery))
            yield return new WatchResponse
            {
                Event =
                {
                    new Event { EventType = EventType.Created, Resource = ToResource(resource) },
                },
            };
        if (request.ApiVersion >= 1)
            yield return new WatchResponse
            {
                Event =
                {
                    new Event { EventType = EventType.Bootstrapped, Resource = Tombstone(request) },
                },
            };
    }

    private static bool Wanted(WatchRequest request, LabResource resource) =>
        request.HasId ? resource.Id == request.Id : Matching([resource], request.Options?.IdQuery).Any();

    private static IEnumerable<LabResource> Matching(IEnumerable<LabResource> resources, IDQuery? query) =>
        query is { Regexp.Length: > 0 }
            ? resources.Where(r =>
                Regex.IsMatch(r.Id, query.Regexp, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1))
            )
            : resources;

    private static Event ToEvent(LabResourceEvent change) =>
        new()
        {
            EventType = (EventType)change.Change,
            Resource = ToResource(change.Resource),
            Old = change.Old is null ? null : ToResource(change.Old),
        };

    private static Resource Tombstone(WatchRequest request) =>
        new()
        {
            Metadata = new Metadata
            {
                Namespace = request.Namespace,
                Type = request.Type,
                Id = request.Id,
                Version = "undefined",
                Phase = "running",
            },
            Spec = new Spec(),
        };

    private static Resource ToResource(LabResource resource)
    {
        var metadata = new Metadata
        {
            Namespace = resource.Namespace,
            Type = resource.Type,
            Id = resource.Id,
            Version = resource.VersionText,
            Owner = resource.Owner,
            Phase = "running",
            Created = Timestamp.FromDateTimeOffset(resource.Created),
            Updated = Timestamp.FromDateTimeOffset(resource.Updated),
        };
        foreach (var (key, value) in resource.Annotations)
            metadata.Annotations[key] = value;
        return new Resource
        {
            Metadata = metadata,
            Spec = new Spec { YamlSpec = resource.Yaml, ProtoSpec = ByteString.CopyFrom(resource.Proto) },
        };
    }
}
