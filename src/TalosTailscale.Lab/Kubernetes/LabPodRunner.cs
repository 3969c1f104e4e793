using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Takes a pod from Pending to its end, with the states, reasons and events that a kubelet shows.</summary>
internal sealed class LabPodRunner(
    KubeStore store, IReadOnlyList<ILabKubernetesNode> nodes, string folder, LabKubernetesFaults faults)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(25);
    private static int s_address;

    internal async Task<LabPodEnd> RunAsync(LabPod pod)
    {
        if (!await BindAsync(pod) || !await UntilAsync(pod, () => pod.Node!.Facts.Ready))
            return await pod.End;
        if (faults.KubeletRefusal is { } refusal)
        {
            Finish(pod, "Failed", refusal, $"Pod was rejected: Node didn't have enough resource: {refusal}", null);
            return await pod.End;
        }
        SetWaiting(pod, "ContainerCreating", null);
        if (!await PullAsync(pod))
            return await pod.End;
        var root = Path.Combine(folder, $"{pod.Name}-{pod.Uid[..8]}");
        using var sandbox = new LabPodSandbox(root, faults);
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
            Finish(pod, "Failed", null, null, Terminated(128, "StartError", "failed to create containerd task: failed to create shim task: OCI runtime create failed: " + e.Message));
            return await pod.End;
        }
        if (faults.ExecDelay == TimeSpan.Zero)
            pod.Sandbox = sandbox;
        SetRunning(pod);
        var late = ShowSandboxAsync(pod, sandbox);
        using var deadline = new CancellationTokenSource();
        if (pod.Spec.Number("activeDeadlineSeconds") is { } seconds)
        {
            deadline.Token.Register(() => pod.Stop(LabPodEnd.DeadlineExceeded));
            deadline.CancelAfter(TimeSpan.FromSeconds(seconds));
        }
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
        if (await Task.WhenAny(Task.Delay(faults.ExecDelay), pod.End) != pod.End)
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
            ?? pod.Spec.Number("terminationGracePeriodSeconds") ?? 30;
        await Task.WhenAny(exited, pod.Kill, Task.Delay(TimeSpan.FromSeconds(grace)));
    }

    private void ShowEnd(LabPod pod, LabPodEnd? why, int? code)
    {
        switch (why)
        {
            case LabPodEnd.Evicted:
                Event(pod, "Warning", "Evicted", "The node was low on resource: ephemeral-storage. ");
                Finish(pod, "Failed", "Evicted", "The node was low on resource: ephemeral-storage. ", Terminated(137, "Error", null));
                break;
            case LabPodEnd.DeadlineExceeded:
                Finish(pod, "Failed", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline", Terminated(137, "Error", null));
                break;
            case LabPodEnd.Rebooted:
                Finish(pod, "Failed", null, null, Terminated(255, "Unknown", null));
                break;
            case null:
                Finish(pod, code == 0 ? "Succeeded" : "Failed", null, null, Terminated(code ?? 255, code == 0 ? "Completed" : "Error", null));
                break;
            default:
                break; // deleted: the object goes away
        }
    }

    private static Process? StartMain(LabPod pod, LabPodSandbox sandbox)
    {
        var line = (pod.Container["command"] as JsonArray ?? []).Concat(pod.Container["args"] as JsonArray ?? [])
            .Select(a => a!.GetValue<string>()).ToArray();
        if (line.Length == 0)
            return null; // the image's own entry point: something that just runs
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
        if (!await UntilAsync(pod, () => (pod.Node = name is null ? Schedule(pod) : nodes.FirstOrDefault(n => n.Facts.Name == name)) is not null))
            return false;
        if (name is null)
            Event(pod, "Normal", "Scheduled", $"Successfully assigned {pod.Namespace}/{pod.Name} to {pod.Node!.Facts.Name}");
        Change(pod, p =>
        {
            p.Child("spec")["nodeName"] = pod.Node!.Facts.Name;
            SetCondition(p, "PodScheduled", "True", null);
        });
        return true;
    }

    private ILabKubernetesNode? Schedule(LabPod pod)
    {
        var selector = pod.Spec.Map("nodeSelector") ?? [];
        return nodes.FirstOrDefault(n => n.Facts.Ready && store.Get(KubeResource.Nodes, null, n.Facts.Name) is { } node
            && !node.Map("spec").Flag("unschedulable")
            && selector.All(s => node.Meta().Map("labels").Text(s.Key) == s.Value!.GetValue<string>()));
    }

    private async Task<bool> PullAsync(LabPod pod)
    {
        var image = pod.Container.Text("image") ?? "";
        while (LabPodImages.Problem(image, faults) is { } problem)
        {
            Event(pod, "Warning", "Failed", $"Failed to pull image \"{image}\": {problem}");
            SetWaiting(pod, "ErrImagePull", problem);
            if (await Task.WhenAny(Task.Delay(s_tick * 2), pod.End) == pod.End)
                return false;
            SetWaiting(pod, "ImagePullBackOff", $"Back-off pulling image \"{image}\": ErrImagePull: {problem}");
            if (!await UntilAsync(pod, () => LabPodImages.Problem(image, faults) is null))
                return false;
        }
        Event(pod, "Normal", "Pulled", $"Container image \"{image}\" already present on machine");
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

    private void SetWaiting(LabPod pod, string reason, string? message) => Change(pod, p =>
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null)
            waiting["message"] = message;
        p.Child("status")["containerStatuses"] = Statuses(pod, new JsonObject { ["waiting"] = waiting }, ready: false);
        SetCondition(p, "Initialized", "True", null);
        SetCondition(p, "Ready", "False", "ContainersNotReady");
        p.Child("status")["hostIP"] = pod.Node!.Facts.Addresses.Split(',')[0];
        p.Child("status")["startTime"] ??= KubeStore.Now();
    });

    private void SetRunning(LabPod pod) => Change(pod, p =>
    {
        var status = p.Child("status");
        var n = Interlocked.Increment(ref s_address);
        status["phase"] = "Running";
        status["podIP"] = $"10.244.{n / 250 % 250}.{(n % 250) + 1}";
        status["containerStatuses"] = Statuses(pod, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = KubeStore.Now() } }, ready: true);
        SetCondition(p, "ContainersReady", "True", null);
        SetCondition(p, "Ready", "True", null);
    });

    private void Finish(LabPod pod, string phase, string? reason, string? message, JsonObject? state) => Change(pod, p =>
    {
        var status = p.Child("status");
        status["phase"] = phase;
        if (reason is not null)
            status["reason"] = reason;
        if (message is not null)
            status["message"] = message;
        if (state is not null)
            status["containerStatuses"] = Statuses(pod, new JsonObject { ["terminated"] = state }, ready: false);
        SetCondition(p, "Ready", "False", "PodCompleted");
    });

    private static JsonObject Terminated(int code, string reason, string? message)
    {
        var state = new JsonObject { ["exitCode"] = code, ["reason"] = reason, ["finishedAt"] = KubeStore.Now() };
        if (message is not null)
            state["message"] = message;
        return state;
    }

    private static JsonArray Statuses(LabPod pod, JsonObject state, bool ready) => new(new JsonObject
    {
        ["name"] = pod.Container.Text("name"), ["image"] = pod.Container.Text("image"), ["imageID"] = "", ["ready"] = ready,
        ["started"] = ready, ["restartCount"] = 0, ["state"] = state,
    });

    private static void SetCondition(JsonObject pod, string type, string status, string? reason)
    {
        var status1 = pod.Child("status");
        if (status1["conditions"] is not JsonArray conditions)
            status1["conditions"] = conditions = [];
        if (conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type) is { } old)
            conditions.Remove(old);
        var condition = new JsonObject { ["type"] = type, ["status"] = status, ["lastTransitionTime"] = KubeStore.Now() };
        if (reason is not null)
            condition["reason"] = reason;
        conditions.Add(condition);
    }

    private void Change(LabPod pod, Action<JsonObject> change) => store.Change(KubeResource.Pods, pod.Namespace, pod.Name, p =>
    {
        if (p.Meta().Text("uid") != pod.Uid)
            return null;
        change(p);
        return p;
    });

    private void Event(LabPod pod, string type, string reason, string message) => store.Create(KubeResource.Events, new JsonObject
    {
        ["metadata"] = new JsonObject { ["generateName"] = pod.Name + ".", ["namespace"] = pod.Namespace },
        ["involvedObject"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = pod.Namespace, ["name"] = pod.Name, ["uid"] = pod.Uid, ["apiVersion"] = "v1" },
        ["type"] = type, ["reason"] = reason, ["message"] = message, ["count"] = 1,
        ["firstTimestamp"] = KubeStore.Now(), ["lastTimestamp"] = KubeStore.Now(),
        ["source"] = new JsonObject { ["component"] = "kubelet", ["host"] = pod.Node?.Facts.Name },
    });
}
