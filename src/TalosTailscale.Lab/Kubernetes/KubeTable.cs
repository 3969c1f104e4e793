using System.Globalization;
using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>The <c>meta.k8s.io/v1 Table</c> that kubectl prints.</summary>
internal static class KubeTable
{
    private sealed record Column(string Name, Func<JsonObject, JsonNode?> Cell, int Priority = 0);

    private static readonly Column s_name = new("Name", i => i.Name());
    private static readonly Column s_age = new("Age", i => Age(i.Meta().Text("creationTimestamp")));

    private static readonly Column[] s_nodes =
    [
        s_name,
        new("Status", NodeStatus),
        new("Roles", NodeRoles),
        s_age,
        new("Version", i => i.At("status.nodeInfo.kubeletVersion")),
        new("Internal-IP", i => Address(i, "InternalIP"), 1),
        new("External-IP", i => Address(i, "ExternalIP"), 1),
        new("OS-Image", i => i.At("status.nodeInfo.osImage"), 1),
        new("Kernel-Version", i => i.At("status.nodeInfo.kernelVersion"), 1),
        new("Container-Runtime", i => i.At("status.nodeInfo.containerRuntimeVersion"), 1),
    ];

    private static readonly Column[] s_pods =
    [
        s_name,
        new("Ready", PodReady),
        new("Status", PodStatus),
        new("Restarts", _ => "0"),
        s_age,
        new("IP", i => Or(i.At("status.podIP"), "<none>"), 1),
        new("Node", i => Or(i.At("spec.nodeName"), "<none>"), 1),
        new("Nominated Node", _ => "<none>", 1),
        new("Readiness Gates", _ => "<none>", 1),
    ];

    private static readonly Column[] s_events =
    [
        new("Last Seen", i => Age(i.Text("lastTimestamp"))),
        new("Type", i => i.Text("type")),
        new("Reason", i => i.Text("reason")),
        new("Object", i => $"{i.At("involvedObject.kind").ToLowerInvariant()}/{i.At("involvedObject.name")}"),
        new("Message", i => i.Text("message")),
    ];

    internal static bool IsAsked(KubeRequest request) =>
        request.Context.Request.Headers.Accept.ToString().Split(',')[0].Contains("as=Table", StringComparison.Ordinal);

    internal static JsonObject Of(KubeRequest request, IReadOnlyList<JsonObject> items, JsonObject? metadata = null)
    {
        var columns = request.Resource.Plural switch
        {
            "nodes" => s_nodes,
            "pods" => s_pods,
            "events" => s_events,
            "namespaces" => [s_name, new("Status", i => i.At("status.phase")), s_age],
            "leases" => [s_name, new("Holder", i => i.At("spec.holderIdentity")), s_age],
            "poddisruptionbudgets" =>
            [
                s_name,
                new("Min Available", i => Or(i.At("spec.minAvailable"), "N/A")),
                new("Max Unavailable", i => Or(i.At("spec.maxUnavailable"), "N/A")),
                s_age,
            ],
            _ => (Column[])[s_name, s_age],
        };
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = metadata
                ?? new JsonObject
                {
                    ["resourceVersion"] = items.Count == 1 ? items[0].Meta().Text("resourceVersion") : "",
                },
            ["columnDefinitions"] = new JsonArray([
                .. columns.Select(c => new JsonObject
                {
                    ["name"] = c.Name,
                    ["type"] = "string",
                    ["format"] = c.Name == "Name" ? "name" : "",
                    ["description"] = c.Name,
                    ["priority"] = c.Priority,
                }),
            ]),
            ["rows"] = new JsonArray([.. items.Select(i => Row(request, i, columns))]),
        };
    }

    private static JsonObject Row(KubeRequest request, JsonObject item, Column[] columns) =>
        new()
        {
            ["cells"] = new JsonArray([.. columns.Select(c => c.Cell(item))]),
            ["object"] =
                request.Query("includeObject") == "Object"
                    ? item.DeepClone()
                    : new JsonObject
                    {
                        ["kind"] = "PartialObjectMetadata",
                        ["apiVersion"] = "meta.k8s.io/v1",
                        ["metadata"] = item["metadata"]!.DeepClone(),
                    },
        };

    private static JsonNode NodeStatus(JsonObject node)
    {
        var ready =
            node.Map("status").Items("conditions").FirstOrDefault(c => c.Text("type") == "Ready").Text("status")
            == "True";
        return (ready ? "Ready" : "NotReady") + (node.Map("spec").Flag("unschedulable") ? ",SchedulingDisabled" : "");
    }

    private static JsonNode NodeRoles(JsonObject node)
    {
        const string prefix = "node-role.kubernetes.io/";
        var roles = (node.Meta().Map("labels") ?? [])
            .Where(l => l.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(l => l.Key[prefix.Length..]);
        return Or(string.Join(',', roles), "<none>");
    }

    private static string Address(JsonObject node, string type) =>
        node.Map("status").Items("addresses").FirstOrDefault(a => a.Text("type") == type).Text("address") ?? "<none>";

    private static JsonNode PodReady(JsonObject pod) =>
        $"{pod.Map("status").Items("containerStatuses").Count(c => c.Flag("ready"))}/{pod.Map("spec").Items("containers").Count()}";

    private static JsonNode PodStatus(JsonObject pod)
    {
        if (pod.Meta().Text("deletionTimestamp") is not null)
            return "Terminating";
        var state = pod.Map("status").Items("containerStatuses").FirstOrDefault().Map("state");
        return state.Map("waiting").Text("reason")
            ?? pod.Map("status").Text("reason")
            ?? state.Map("terminated").Text("reason")
            ?? pod.At("status.phase");
    }

    private static string Or(string text, string otherwise) => text.Length > 0 ? text : otherwise;

    private static string Age(string? timestamp)
    {
        if (!DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, out var then))
            return "<unknown>";
        var age = DateTimeOffset.UtcNow - then;
        return age.TotalSeconds < 120 ? $"{Math.Max(0, (int)age.TotalSeconds)}s"
            : age.TotalMinutes < 120 ? $"{(int)age.TotalMinutes}m"
            : $"{(int)age.TotalHours}h";
    }
}
