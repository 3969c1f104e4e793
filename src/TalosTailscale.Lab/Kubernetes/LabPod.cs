using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Why a pod ends.</summary>
internal enum LabPodEnd
{
    Deleted,
    Killed,
    Evicted,
    DeadlineExceeded,
    Rebooted,
    LabStopped,
}

/// <summary>A pod as its kubelet holds it.</summary>
internal sealed class LabPod(JsonObject source)
{
    private readonly TaskCompletionSource<LabPodEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _kill = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MemoryStream _log = new();

    internal string Namespace { get; } = source.Meta().Text("namespace")!;

    internal string Name { get; } = source.Name();

    internal string Uid { get; } = source.Meta().Text("uid")!;

    internal JsonObject Source { get; } = source;

    internal JsonObject Spec => Source.Map("spec")!;

    internal JsonObject Container => Spec.Items("containers").First();

    internal IEnumerable<JsonObject> InitContainers => Spec.Items("initContainers");

    /// <summary>Set while its container runs.</summary>
    internal LabPodSandbox? Sandbox { get; set; }

    /// <summary>Its volumes; set while its container runs.</summary>
    internal LabPodMounts? Mounts { get; set; }

    /// <summary>The machine, once it has been bound to one.</summary>
    internal ILabKubernetesNode? Node { get; set; }

    internal Task<LabPodEnd> End => _end.Task;

    /// <summary>Done when the grace period is cut to nothing.</summary>
    internal Task Kill => _kill.Task;

    internal Task Running { get; set; } = Task.CompletedTask;

    internal void Stop(LabPodEnd why)
    {
        _end.TrySetResult(why);
        if (why is LabPodEnd.Killed or LabPodEnd.LabStopped or LabPodEnd.Rebooted)
            _kill.TrySetResult();
    }

    internal void AppendLog(ReadOnlySpan<byte> data)
    {
        lock (_log)
        {
            if (_log.Length < 1 << 20)
                _log.Write(data);
        }
    }

    internal byte[] Log()
    {
        lock (_log)
            return _log.ToArray();
    }
}
