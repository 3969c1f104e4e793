using System.Globalization;
using System.Threading.Channels;

namespace TalosTailscale.Lab.Nodes;

/// <summary>One COSI resource of a node.</summary>
/// <param name="Namespace">For instance <c>runtime</c>.</param>
/// <param name="Type">The full type name (<c>MachineStatuses.runtime.talos.dev</c>).</param>
/// <param name="Id">For instance <c>machine</c>.</param>
/// <param name="Yaml">The spec as YAML, always there.</param>
internal sealed record LabResource(string Namespace, string Type, string Id, string Yaml)
{
    internal int Version { get; init; } = 1;

    internal byte[] Proto { get; init; } = [];

    internal string Owner { get; init; } = "";

    internal IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    internal DateTimeOffset Created { get; init; }

    internal DateTimeOffset Updated { get; init; }

    internal string VersionText => Version.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What happened to a resource; the numbers are those of <c>cosi.resource.EventType</c>.</summary>
internal enum LabResourceChange
{
    Created = 0,
    Updated = 1,
    Destroyed = 2,
}

/// <summary>A change of a resource.</summary>
internal sealed record LabResourceEvent(LabResourceChange Change, LabResource Resource, LabResource? Old);

/// <summary>The COSI state of one node: resources by namespace, type and id, with versions, and watches on them.</summary>
internal sealed class LabResources(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Namespace, string Type, string Id), LabResource> _all = [];
    private readonly List<Channel<LabResourceEvent>> _watches = [];

    /// <summary>Whether anybody waits for changes.</summary>
    internal bool IsWatched
    {
        get
        {
            lock (_lock)
                return _watches.Count > 0;
        }
    }

    /// <summary>Makes the state what is given: adds, changes and removes; what is equal keeps its version.</summary>
    internal void Publish(IEnumerable<LabResource> wanted)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var gone = _all.Keys.ToHashSet();
            foreach (var resource in wanted)
            {
                gone.Remove(Key(resource));
                Put(resource, now);
            }

            foreach (var key in gone)
            {
                _all.Remove(key, out var old);
                Tell(new(LabResourceChange.Destroyed, old!, null));
            }
        }
    }

    internal IReadOnlyList<LabResource> List(string ns, string type)
    {
        lock (_lock)
        {
            return
            [
                .. _all
                    .Values.Where(r => r.Namespace == ns && r.Type == type)
                    .OrderBy(r => r.Id, StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>All that is there of one type now, and every change from now on, with nothing lost in between.</summary>
    internal (IReadOnlyList<LabResource> Now, Channel<LabResourceEvent> Changes) Watch(string ns, string type)
    {
        lock (_lock)
        {
            var channel = Channel.CreateUnbounded<LabResourceEvent>();
            _watches.Add(channel);
            return (List(ns, type), channel);
        }
    }

    internal void Unwatch(Channel<LabResourceEvent> changes)
    {
        lock (_lock)
            _watches.Remove(changes);
        changes.Writer.TryComplete();
    }

    /// <summary>The node has gone down: watches end, as their connections would.</summary>
    internal void CloseWatches()
    {
        lock (_lock)
        {
            foreach (var watch in _watches)
                watch.Writer.TryComplete();
            _watches.Clear();
        }
    }

    private void Put(LabResource resource, DateTimeOffset now)
    {
        var old = _all.GetValueOrDefault(Key(resource));
        if (old is not null && old.Yaml == resource.Yaml && old.Proto.AsSpan().SequenceEqual(resource.Proto))
            return;

        // A version given by the maker (machine configs count themselves) may jump; else each change counts one.
        var version = old is null ? resource.Version : Math.Max(old.Version + 1, resource.Version);
        var put = resource with { Version = version, Created = old?.Created ?? now, Updated = now };
        _all[Key(resource)] = put;
        Tell(new(old is null ? LabResourceChange.Created : LabResourceChange.Updated, put, old));
    }

    private void Tell(LabResourceEvent change)
    {
        foreach (var watch in _watches)
            watch.Writer.TryWrite(change);
    }

    private static (string Namespace, string Type, string Id) Key(LabResource r) => (r.Namespace, r.Type, r.Id);
}
