using System.Runtime.CompilerServices;
using TalosTailscale.Protos.Cosi;

namespace TalosTailscale.Core.Talos;

/// <content>Reading the node's COSI state.</content>
public sealed partial class TalosNodeClient
{
    /// <summary>One resource.</summary>
    /// <param name="type">Its namespace and type.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The resource.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosNotFound"/> and others.</exception>
    public async Task<TalosResource> GetResourceAsync(
        TalosType type,
        string id,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(type);
        var request = new GetRequest
        {
            Namespace = type.Namespace,
            Type = type.Type,
            Id = id,
        };
        GetResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read($"Get {type.Type}/{id}", RoleFor(type)),
                (invoker, options) => new State.StateClient(invoker).GetAsync(request, options),
                cancellation
            )
            .ConfigureAwait(false);
        return Resource(answer.Resource)
            ?? throw TalosErrors.TalosProtocolViolation.New(
                $"Get of '{type.Type}/{id}' on '{Node}' gave no resource.",
                Node
            );
    }

    /// <summary>One resource, or null where it is not there or the node's version does not have the type.</summary>
    /// <param name="type">Its namespace and type.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The resource or null.</returns>
    public async Task<TalosResource?> FindResourceAsync(
        TalosType type,
        string id,
        CancellationToken cancellation = default
    )
    {
        try
        {
            return await GetResourceAsync(type, id, cancellation).ConfigureAwait(false);
        }
        catch (TsException e)
            when (e.Error == TalosErrors.TalosNotFound || e.Error == TalosErrors.TalosResourceTypeUnknown)
        {
            return null;
        }
    }

    /// <summary>All resources of a type.</summary>
    /// <param name="type">Namespace and type.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The resources, as they come.</returns>
    public async IAsyncEnumerable<TalosResource> ListResourcesAsync(
        TalosType type,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(type);
        var request = new ListRequest { Namespace = type.Namespace, Type = type.Type };
        IAsyncEnumerable<ListResponse> answers = _caller.StreamAsync(
            TalosCall.Read($"List {type.Type}", RoleFor(type)),
            (invoker, options) => new State.StateClient(invoker).List(request, options),
            cancellation
        );
        await foreach (ListResponse answer in answers.ConfigureAwait(false))
        {
            if (Resource(answer.Resource) is { } resource)
                yield return resource;
        }
    }

    /// <summary>Follows a type or one resource until cancelled or until the connection breaks.</summary>
    /// <param name="type">Namespace and type.</param>
    /// <param name="id">One resource; null for all, which begins with those that are there.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <returns>What happens, as it happens.</returns>
    public async IAsyncEnumerable<TalosResourceChange> WatchAsync(
        TalosType type,
        string? id = null,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(type);
        var request = new WatchRequest
        {
            Namespace = type.Namespace,
            Type = type.Type,
            ApiVersion = 1,
        };
        if (id is null)
            request.Options = new WatchOptions { BootstrapContents = true };
        else
            request.Id = id;
        IAsyncEnumerable<WatchResponse> answers = _caller.StreamAsync(
            TalosCall.Read($"Watch {type.Type}", RoleFor(type)),
            (invoker, options) => new State.StateClient(invoker).Watch(request, options),
            cancellation,
            Timeout.InfiniteTimeSpan
        );
        await foreach (WatchResponse answer in answers.ConfigureAwait(false))
        {
            foreach (Event change in answer.Event)
            {
                if (Change(change, type) is { } told)
                    yield return told;
            }
        }
    }

    private TalosResourceChange? Change(Event change, TalosType type) =>
        change.EventType switch
        {
            EventType.Noop => null,
            EventType.Errored => throw TalosErrors.TalosCallFailed.New(
                $"The watch of '{type.Type}' on '{Node}' ended: {change.Error}",
                Node
            ),
            _ => new TalosResourceChange
            {
                Node = Node,
                Kind = change.EventType switch
                {
                    EventType.Updated => TalosResourceChangeKind.Updated,
                    EventType.Destroyed => TalosResourceChangeKind.Destroyed,
                    EventType.Bootstrapped => TalosResourceChangeKind.Bootstrapped,
                    _ => TalosResourceChangeKind.Created,
                },
                Resource = change.EventType == EventType.Bootstrapped ? null : Resource(change.Resource),
                Old = Resource(change.Old),
            },
        };

    private TalosResource? Resource(Resource? resource)
    {
        if (resource?.Metadata is not { } metadata)
            return null;
        string yaml = resource.Spec?.YamlSpec ?? "";
        return new TalosResource
        {
            Node = Node,
            Namespace = metadata.Namespace,
            Type = metadata.Type,
            Id = metadata.Id,
            Version = metadata.Version,
            Phase = metadata.Phase,
            Owner = metadata.Owner,
            Created = Time(metadata.Created),
            Updated = Time(metadata.Updated),
            Labels = new Dictionary<string, string>(metadata.Labels),
            Annotations = new Dictionary<string, string>(metadata.Annotations),
            SpecYaml = yaml,
            Spec = TalosYaml.Parse(yaml, Node, $"{metadata.Type}/{metadata.Id}"),
            RawProtoSpec = resource.Spec?.ProtoSpec.Memory ?? default,
        };
    }

    private static string RoleFor(TalosType type) =>
        type.Type == TalosTypes.MachineConfig.Type ? TalosCall.Admin : TalosCall.Reader;
}
