using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Writes the status of a pod and its events, with a kubelet's reasons and words.</summary>
internal sealed class LabPodStatus(KubeStore store)
{
    private static int s_address;

    internal void SetWaiting(LabPod pod, string reason, string? message, JsonObject? container = null)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null)
            waiting["message"] = message;
        var state = new JsonObject { ["waiting"] = waiting };
        if (container is not null && container != pod.Container)
        {
            SetInit(pod, container, state);
            return;
        }
        Change(pod, p =>
        {
            p.Child("status")["containerStatuses"] = Statuses(pod, state, ready: false);
            SetCondition(p, "Initialized", "True", null);
            SetCondition(p, "Ready", "False", "ContainersNotReady");
            p.Child("status")["hostIP"] = pod.Node!.Facts.Addresses.Split(',')[0];
            p.Child("status")["startTime"] ??= store.Now();
        });
    }

    /// <summary>The state of a container that comes before the pod's own, which waits for it.</summary>
    internal void SetInit(LabPod pod, JsonObject container, JsonObject state) => Change(pod, p =>
        {
            var status = p.Child("status");
            if (status["initContainerStatuses"] is not JsonArray all)
                status["initContainerStatuses"] = all = [];
            var name = container.Text("name");
            if (all.OfType<JsonObject>().FirstOrDefault(s => s.Text("name") == name) is { } old)
                all.Remove(old);
            all.Add(Status(container, state, ready: state.ContainsKey("terminated")));
            var waiting = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "PodInitializing" } };
            status["containerStatuses"] = Statuses(pod, waiting, ready: false);
            SetCondition(p, "Initialized", "False", "ContainersNotInitialized");
            status["startTime"] ??= store.Now();
        });

    internal void SetRunning(LabPod pod) => Change(pod, p =>
        {
            var status = p.Child("status");
            var n = Interlocked.Increment(ref s_address);
            status["phase"] = "Running";
            status["podIP"] = $"10.244.{n / 250 % 250}.{(n % 250) + 1}";
            status["containerStatuses"] = Statuses(
                pod,
                new JsonObject { ["running"] = new JsonObject { ["startedAt"] = store.Now() } },
                ready: true
            );
            SetCondition(p, "ContainersReady", "True", null);
            SetCondition(p, "Ready", "True", null);
        });

    internal void Finish(LabPod pod, string phase, string? reason, string? message, JsonObject? state) =>
        Change(pod, p =>
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

    internal string Now() => store.Now();

    internal JsonObject Terminated(int code, string reason, string? message)
    {
        var state = new JsonObject
        {
            ["exitCode"] = code,
            ["reason"] = reason,
            ["finishedAt"] = store.Now(),
        };
        if (message is not null)
            state["message"] = message;
        return state;
    }

    private static JsonArray Statuses(LabPod pod, JsonObject state, bool ready) =>
        new(Status(pod.Container, state, ready));

    private static JsonObject Status(JsonObject container, JsonObject state, bool ready) =>
        new()
        {
            ["name"] = container.Text("name"),
            ["image"] = container.Text("image"),
            ["imageID"] = "",
            ["ready"] = ready,
            ["started"] = ready,
            ["restartCount"] = 0,
            ["state"] = state,
        };

    internal void SetCondition(JsonObject pod, string type, string status, string? reason)
    {
        var status1 = pod.Child("status");
        if (status1["conditions"] is not JsonArray conditions)
            status1["conditions"] = conditions = [];
        if (conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type) is { } old)
            conditions.Remove(old);
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastTransitionTime"] = store.Now(),
        };
        if (reason is not null)
            condition["reason"] = reason;
        conditions.Add(condition);
    }

    internal void Change(LabPod pod, Action<JsonObject> change) =>
        store.Change(KubeResource.Pods, pod.Namespace, pod.Name, p =>
        {
            if (p.Meta().Text("uid") != pod.Uid)
                return null;
            change(p);
            return p;
        });

    internal void Event(LabPod pod, string type, string reason, string message, int count = 1) =>
        store.Create(
            KubeResource.Events,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["generateName"] = pod.Name + ".", ["namespace"] = pod.Namespace },
                ["involvedObject"] = new JsonObject
                {
                    ["kind"] = "Pod",
                    ["namespace"] = pod.Namespace,
                    ["name"] = pod.Name,
                    ["uid"] = pod.Uid,
                    ["apiVersion"] = "v1",
                },
                ["type"] = type,
                ["reason"] = reason,
                ["message"] = message,
                ["count"] = count,
                ["firstTimestamp"] = store.Now(),
                ["lastTimestamp"] = store.Now(),
                ["source"] = new JsonObject { ["component"] = "kubelet", ["host"] = pod.Node?.Facts.Name },
            }
        );
}
