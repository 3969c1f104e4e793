using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Takes a pod from Pending to its end, with the states, reasons and events that a kubelet shows.</summary>
internal sealed class LabPodRunner(
    KubeStore store,
    IReadOnlyList<ILabKubernetesNode> nodes,
    string folder,
    LabKubernetesFaults faults
)
{
    private readonly LabPodStatus _status = new(store);
    private readonly LabPodInit _inits = new(new LabPodStatus(store));
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(25);

    internal async Task<LabPodEnd> RunAsync(LabPod pod)
    {
        if (!await BindAsync(pod) || !await UntilAsync(pod, () => pod.Node!.Facts.Ready))
            return await pod.End;
        if (faults.KubeletRefusal is { } refusal)
        {
            _status.Finish(
                pod,
                "Failed",
                refusal,
                $"Pod was rejected: Node didn't have enough resource: {refusal}",
                null
            );
            return await pod.End;
        }
        for (var tries = 1; faults.SandboxProblem is { } problem; tries++)
        {
            _status.SetWaiting(pod, "ContainerCreating", null);
            _status.Event(pod, "Warning", "FailedCreatePodSandBox", problem, tries);
            if (await Task.WhenAny(pod.End, Task.Delay(TimeSpan.FromMilliseconds(500))) == pod.End)
                return await pod.End;
        }
        var root = Path.Combine(folder, $"{pod.Name}-{pod.Uid[..8]}");
        using var sandbox = new LabPodSandbox(root, faults, pod.Node!.Facts);
        pod.Mounts = new LabPodMounts(root, pod);
        foreach (var container in pod.InitContainers)
        {
            if (!await PullAsync(pod, container) || !await _inits.RunAsync(pod, container, sandbox))
                return await pod.End;
        }
        _status.SetWaiting(pod, "ContainerCreating", null);
        if (!await PullAsync(pod, pod.Container))
            return await pod.End;
        return await LiveAsync(pod, sandbox);
    }

    private async Task<LabPodEnd> LiveAsync(LabPod pod, LabPodSandbox sandbox)
    {
        Process? main;
        try
        {
            main = StartMain(pod, sandbox);
        }
        catch (FileNotFoundException e)
        {
            _status.Finish(
                pod,
                "Failed",
                null,
                null,
                _status.Terminated(
                    128,
                    "StartError",
                    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
                        + e.Message
                )
            );
            return await pod.End;
        }
        if (faults.ExecDelay == TimeSpan.Zero)
            pod.Sandbox = sandbox;
        _status.SetRunning(pod);
        var late = ShowSandboxAsync(pod, sandbox);
        using var deadline = new CancellationTokenSource(
            pod.Spec.Number("activeDeadlineSeconds") is { } seconds
                ? TimeSpan.FromSeconds(seconds)
                : Timeout.InfiniteTimeSpan,
            store.Clock
        );
        await using var over = deadline.Token.Register(() => pod.Stop(LabPodEnd.DeadlineExceeded));
        var exited = main?.WaitForExitAsync() ?? Task.Delay(Timeout.Infinite, CancellationToken.None);
        await Task.WhenAny(pod.End, exited);
        var code = main is { HasExited: true } ? main.ExitCode : (int?)null;
        if (pod.End.IsCompleted)
            await TerminateAsync(pod, main, exited);
        pod.Sandbox = null;
        sandbox.Kill();
        ShowEnd(pod, pod.End.IsCompleted ? await pod.End : null, code);
        await late;
        var why = await pod.End;
        if (main is not null)
            sandbox.Forget(main);
        return why;
    }

    private async Task ShowSandboxAsync(LabPod pod, LabPodSandbox sandbox)
    {
        if (faults.ExecDelay == TimeSpan.Zero)
            return;
        if (await Task.WhenAny(Task.Delay(faults.ExecDelay, store.Clock), pod.End) != pod.End)
            pod.Sandbox = sandbox;
    }

    // SIGTERM first; what does not end on it gets SIGKILL when the grace period is over.
    private async Task TerminateAsync(LabPod pod, Process? main, Task exited)
    {
        if (main is null || main.HasExited || pod.Kill.IsCompleted)
            return;
        using (var term = Process.Start("/bin/kill", ["-TERM", main.Id.ToString(CultureInfo.InvariantCulture)]))
            await term.WaitForExitAsync();
        var grace = store.Get(KubeResource.Pods, pod.Namespace, pod.Name)?.Meta().Number("deletionGracePeriodSeconds")
            ?? pod.Spec.Number("terminationGracePeriodSeconds")
            ?? 30;
        await Task.WhenAny(exited, pod.Kill, Task.Delay(TimeSpan.FromSeconds(grace), store.Clock));
    }

    private void ShowEnd(LabPod pod, LabPodEnd? why, int? code)
    {
        switch (why)
        {
            case LabPodEnd.Evicted:
                _status.Event(pod, "Warning", "Evicted", "The node was low on resource: ephemeral-storage. ");
                _status.Finish(
                    pod,
                    "Failed",
                    "Evicted",
                    "The node was low on resource: ephemeral-storage. ",
                    _status.Terminated(137, "Error", null)
                );
                break;
            case LabPodEnd.DeadlineExceeded:
                _status.Finish(
                    pod,
                    "Failed",
                    "DeadlineExceeded",
                    "Pod was active on the node longer than the specified deadline",
                    _status.Terminated(137, "Error", null)
                );
                break;
            case LabPodEnd.Rebooted:
                _status.Finish(pod, "Failed", null, null, _status.Terminated(255, "Unknown", null));
                break;
            case null:
                _status.Finish(
                    pod,
                    code == 0 ? "Succeeded" : "Failed",
                    null,
                    null,
                    _status.Terminated(code ?? 255, code == 0 ? "Completed" : "Error", null)
                );
                break;
            default:
                break; // deleted: the object goes away
        }
    }

    private static Process? StartMain(LabPod pod, LabPodSandbox sandbox)
    {
        var line = (pod.Container["command"] as JsonArray ?? [])
            .Concat(pod.Container["args"] as JsonArray ?? [])
            .Select(a => a!.GetValue<string>())
            .ToArray();
        if (line.Length == 0)
            return null; // the image's own entry point: something that just runs
        line = [.. line.Select(w => pod.Mounts!.Translate(pod.Container, w))];
        var main = sandbox.Start(line, pod.Node!.Facts, input: false);
        _ = CopyLogAsync(pod, main.StandardOutput.BaseStream);
        _ = CopyLogAsync(pod, main.StandardError.BaseStream);
        return main;
    }

    private static async Task CopyLogAsync(LabPod pod, Stream output)
    {
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await output.ReadAsync(buffer)) > 0)
                pod.AppendLog(buffer.AsSpan(0, read));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return; // the pipe went with its process
        }
    }

    private async Task<bool> BindAsync(LabPod pod)
    {
        var name = pod.Spec.Text("nodeName");
        if (
            !await UntilAsync(pod, () =>
                (pod.Node = name is null ? Schedule(pod) : nodes.FirstOrDefault(n => n.Facts.Name == name)) is not null
            )
        )
            return false;
        if (name is null)
            _status.Event(
                pod,
                "Normal",
                "Scheduled",
                $"Successfully assigned {pod.Namespace}/{pod.Name} to {pod.Node!.Facts.Name}"
            );
        _status.Change(pod, p =>
        {
            p.Child("spec")["nodeName"] = pod.Node!.Facts.Name;
            _status.SetCondition(p, "PodScheduled", "True", null);
        });
        return true;
    }

    private ILabKubernetesNode? Schedule(LabPod pod)
    {
        var selector = pod.Spec.Map("nodeSelector") ?? [];
        return nodes.FirstOrDefault(n =>
            n.Facts.Ready
            && store.Get(KubeResource.Nodes, null, n.Facts.Name) is { } node
            && !node.Map("spec").Flag("unschedulable")
            && selector.All(s => node.Meta().Map("labels").Text(s.Key) == s.Value!.GetValue<string>())
        );
    }

    private async Task<bool> PullAsync(LabPod pod, JsonObject container)
    {
        var image = container.Text("image") ?? "";
        string? Problem() => LabPodImages.Problem(image, faults) ?? pod.Node!.PullProblem(image);
        while (Problem() is { } problem)
        {
            _status.Event(pod, "Warning", "Failed", $"Failed to pull image \"{image}\": {problem}");
            _status.SetWaiting(pod, "ErrImagePull", problem, container);
            if (await Task.WhenAny(Task.Delay(s_tick * 2), pod.End) == pod.End)
                return false;
            _status.SetWaiting(
                pod,
                "ImagePullBackOff",
                $"Back-off pulling image \"{image}\": ErrImagePull: {problem}",
                container
            );
            if (!await UntilAsync(pod, () => Problem() is null))
                return false;
        }
        _status.Event(pod, "Normal", "Pulled", $"Container image \"{image}\" already present on machine");
        return !pod.End.IsCompleted;
    }

    // Nodes and faults have no events of their own that a pod could wait for.
    private static async Task<bool> UntilAsync(LabPod pod, Func<bool> condition)
    {
        while (!pod.End.IsCompleted)
        {
            if (condition())
                return true;
            await Task.WhenAny(Task.Delay(s_tick), pod.End);
        }
        return false;
    }
}
