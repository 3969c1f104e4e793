using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Scheduler, kubelets and node controller in one: shows the machines as nodes and runs the pods.</summary>
internal sealed class LabKubelet : IAsyncDisposable
{
    private readonly KubeStore _store;
    private readonly IReadOnlyList<ILabKubernetesNode> _nodes;
    private readonly LabKubernetesFaults _faults;
    private readonly LabPodRunner _runner;
    private readonly ConcurrentDictionary<string, LabPod> _pods = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ILabKubernetesNode, LabKubernetesNodeFacts> _seen = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _syncing = new();
    private Task _heartbeat = Task.CompletedTask;
    private long _inputBytes;

    internal LabKubelet(
        KubeStore store,
        IReadOnlyList<ILabKubernetesNode> nodes,
        string folder,
        LabKubernetesFaults faults
    )
    {
        _store = store;
        _nodes = nodes;
        _faults = faults;
        _runner = new LabPodRunner(store, nodes, folder, faults);
    }

    internal long InputBytes => Interlocked.Read(ref _inputBytes);

    internal void Start()
    {
        SyncNodes();
        _heartbeat = BeatAsync(_stopping.Token);
    }

    /// <summary>Brings the node objects up to what the machines are now.</summary>
    internal void SyncNodes()
    {
        lock (_syncing)
        {
            foreach (var node in _nodes)
            {
                var facts = node.Facts;
                var before = _seen.GetValueOrDefault(node);
                if (before == facts)
                    continue;
                _seen[node] = facts;
                if (before is not null && before.BootId != facts.BootId)
                    EndPodsOf(node, LabPodEnd.Rebooted);
                if (before is not null && before.Name != facts.Name)
                    KubeNodes.Show(_store, before with { Ready = false });
                KubeNodes.Show(_store, facts);
            }
        }
    }

    /// <summary>Takes a pod that was just created.</summary>
    internal void Adopt(JsonObject source)
    {
        var pod = new LabPod(source);
        _pods[Key(pod.Namespace, pod.Name)] = pod;
        pod.Running = Task.Run(() => RunAsync(pod));
    }

    /// <summary>Begins the deletion of a pod; without grace it is gone when this returns.</summary>
    internal JsonObject? Delete(string ns, string name, long? grace)
    {
        var seconds = grace
            ?? _store.Get(KubeResource.Pods, ns, name).Map("spec").Number("terminationGracePeriodSeconds")
            ?? 30;
        var marked = _store.Change(KubeResource.Pods, ns, name, p =>
        {
            p.Meta()["deletionTimestamp"] ??= _store.Now();
            p.Meta()["deletionGracePeriodSeconds"] = seconds;
            return p;
        });
        if (_pods.TryGetValue(Key(ns, name), out var pod))
            pod.Stop(seconds == 0 ? LabPodEnd.Killed : LabPodEnd.Deleted);
        if (seconds == 0 || pod is null || pod.Running.IsCompleted || pod.Node is null)
            _store.Delete(KubeResource.Pods, ns, name);
        return marked;
    }

    internal void Evict(string ns, string name)
    {
        if (_pods.TryGetValue(Key(ns, name), out var pod))
            pod.Stop(LabPodEnd.Evicted);
    }

    internal LabPod? Find(string ns, string name) => _pods.GetValueOrDefault(Key(ns, name));

    /// <summary>Counts input of a command, and evicts its pod when that fault is set.</summary>
    internal void CountInput(LabPod pod, int bytes, long soFar)
    {
        Interlocked.Add(ref _inputBytes, bytes);
        if (_faults.EvictAfterInput is { } limit && soFar >= limit)
            pod.Stop(LabPodEnd.Evicted);
    }

    internal async Task WriteLogAsync(KubeRequest request)
    {
        var pod = Find(request.Namespace!, request.Name!)
            ?? throw KubeFailure.NotFound(KubeResource.Pods, request.Name!);
        if (request.Query("follow") == "true")
            await Task.WhenAny(pod.Running, Task.Delay(Timeout.Infinite, request.Aborted));
        request.Context.Response.ContentType = "text/plain";
        await request.Context.Response.Body.WriteAsync(pod.Log(), request.Aborted);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var pod in _pods.Values)
            pod.Stop(LabPodEnd.LabStopped);
        await Task.WhenAll(_pods.Values.Select(p => p.Running).Append(_heartbeat));
        _stopping.Dispose();
    }

    private static string Key(string ns, string name) => $"{ns}/{name}";

    private async Task RunAsync(LabPod pod)
    {
        var why = await _runner.RunAsync(pod);
        var deleted =
            _store.Get(KubeResource.Pods, pod.Namespace, pod.Name) is { } now
            && now.Meta().Text("uid") == pod.Uid
            && now.Meta().Text("deletionTimestamp") is not null;
        // A pod that ended by itself stays to be looked at until somebody deletes it.
        if (why is LabPodEnd.Deleted or LabPodEnd.Killed || deleted)
        {
            _pods.TryRemove(KeyValuePair.Create(Key(pod.Namespace, pod.Name), pod));
            _store.Delete(KubeResource.Pods, pod.Namespace, pod.Name);
        }
    }

    private void EndPodsOf(ILabKubernetesNode node, LabPodEnd why)
    {
        foreach (var pod in _pods.Values.Where(p => p.Node == node))
            pod.Stop(why);
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
                SyncNodes();
        }
        catch (OperationCanceledException)
        {
            return; // the lab stops
        }
    }
}
