using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>An event of a watch: <c>ADDED</c>, <c>MODIFIED</c> or <c>DELETED</c>, the object after it and before it.</summary>
internal sealed record KubeChange(
    long Version,
    KubeResource Resource,
    string Type,
    JsonObject Object,
    JsonObject? Before
);

/// <summary>
/// The objects, and the log of their changes that watches read. One version counter for everything, as etcd has. What
/// is handed out is never changed afterwards: writers put a new object in its place.
/// </summary>
internal sealed class KubeStore(TimeProvider clock)
{
    private const int LogLimit = 4096;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly List<KubeChange> _log = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 1000;

    /// <summary>The clock of the cluster.</summary>
    internal TimeProvider Clock { get; } = clock;

    internal long Version
    {
        get
        {
            lock (_lock)
                return _version;
        }
    }

    internal JsonObject? Get(KubeResource resource, string? ns, string name)
    {
        lock (_lock)
            return _objects.GetValueOrDefault(Key(resource, ns, name));
    }

    /// <summary>The objects of a kind, of one namespace or of all, by name, and the version at which that was so.</summary>
    internal (long Version, IReadOnlyList<JsonObject> Items) List(KubeResource resource, string? ns)
    {
        var prefix = ns is null ? resource.Key + "/" : $"{resource.Key}/{ns}/";
        lock (_lock)
            return (
                _version,
                [.. _objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(o => o.Value)]
            );
    }

    /// <summary>Adds an object. A name that is taken, and a name that is missing, are the caller's mistake.</summary>
    internal JsonObject Create(KubeResource resource, JsonObject source)
    {
        var item = (JsonObject)source.DeepClone();
        item["apiVersion"] = resource.ApiVersion;
        item["kind"] = resource.Kind;
        var metadata = item.Child("metadata");
        if (metadata["name"] is null && metadata.Text("generateName") is { } stem)
            metadata["name"] = stem + Guid.NewGuid().ToString("n")[..5];
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Now();
        metadata["generation"] = 1;
        lock (_lock)
        {
            var key = Key(resource, metadata.Text("namespace"), metadata.Text("name")!);
            if (_objects.ContainsKey(key))
                throw KubeFailure.AlreadyExists(resource, metadata.Text("name")!);
            return Put(key, resource, "ADDED", item, null);
        }
    }

    /// <summary>
    /// Changes an object: <paramref name="change"/> gets a copy. Nothing happens when it leaves the copy as it was, or
    /// when the object is gone. With <paramref name="expectedVersion"/>, refuses when somebody else was quicker.
    /// </summary>
    internal JsonObject? Change(
        KubeResource resource,
        string? ns,
        string name,
        Func<JsonObject, JsonObject?> change,
        string? expectedVersion = null
    )
    {
        lock (_lock)
        {
            var key = Key(resource, ns, name);
            if (!_objects.TryGetValue(key, out var before))
                return null;
            if (
                !string.IsNullOrEmpty(expectedVersion)
                && expectedVersion != before["metadata"]!.AsObject().Text("resourceVersion")
            )
                throw KubeFailure.Conflict(resource, name);
            if (change((JsonObject)before.DeepClone()) is not { } after || JsonNode.DeepEquals(before, after))
                return before;
            return Put(key, resource, "MODIFIED", after, before);
        }
    }

    internal JsonObject? Delete(KubeResource resource, string? ns, string name)
    {
        lock (_lock)
        {
            var key = Key(resource, ns, name);
            if (!_objects.TryGetValue(key, out var before))
                return null;
            var last = Put(key, resource, "DELETED", (JsonObject)before.DeepClone(), before);
            _objects.Remove(key);
            return last;
        }
    }

    /// <summary>Changes of a kind after a version, until cancelled; ends at once with 410 when the log no longer goes back so far.</summary>
    internal async IAsyncEnumerable<KubeChange> WatchAsync(
        KubeResource resource,
        string? ns,
        long after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        while (true)
        {
            List<KubeChange> found;
            Task changed;
            lock (_lock)
            {
                if (_log.Count > 0 && after < _log[0].Version - 1 && _log.Count >= LogLimit)
                    throw KubeFailure.Gone(after);
                var start = _log.FindIndex(c => c.Version > after);
                found = start < 0 ? [] : _log.GetRange(start, _log.Count - start);
                after = _version;
                changed = _changed.Task;
            }
            foreach (var change in found)
            {
                if (
                    change.Resource == resource
                    && (ns is null || change.Object["metadata"]!.AsObject().Text("namespace") == ns)
                )
                    yield return change;
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    internal string Now() => Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Key(KubeResource resource, string? ns, string name) =>
        resource.Namespaced ? $"{resource.Key}/{ns}/{name}" : $"{resource.Key}/{name}";

    private JsonObject Put(string key, KubeResource resource, string type, JsonObject item, JsonObject? before)
    {
        item["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        _objects[key] = item;
        _log.Add(new KubeChange(_version, resource, type, item, before));
        if (_log.Count > LogLimit)
            _log.RemoveRange(0, LogLimit / 4);
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
        return item;
    }
}
