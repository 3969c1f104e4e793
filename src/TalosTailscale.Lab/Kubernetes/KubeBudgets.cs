using System.Globalization;
using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>PodDisruptionBudgets as the Eviction API looks at them.</summary>
internal static class KubeBudgets
{
    internal static void Demand(KubeStore store, JsonObject pod)
    {
        if (pod.Map("status").Text("phase") is "Succeeded" or "Failed" || !IsReady(pod))
            return;
        var ns = pod.Meta().Text("namespace");
        var budgets = store
            .List(KubeResource.Budgets, ns)
            .Items.Where(b => KubeSelector.Matches(b.Map("spec").Map("selector"), pod))
            .ToArray();
        if (budgets.Length > 1)
            throw new KubeFailure(
                500,
                "InternalError",
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            );
        foreach (var budget in budgets)
        {
            var spec = budget.Map("spec");
            var pods = store
                .List(KubeResource.Pods, ns)
                .Items.Where(p => KubeSelector.Matches(spec.Map("selector"), p))
                .ToArray();
            var healthy = pods.Count(p => IsReady(p) && p.Meta().Text("deletionTimestamp") is null);
            // Without a controller in the lab, the expected count is that of the pods unless the budget records another.
            var expected = (int?)budget.Meta().Map("annotations").Number("lab/expected")
                ?? Expected(budget, pods.Length);
            var needed = spec.Text("maxUnavailable") is { } max
                ? expected - Count(max, expected)
                : Count(spec.Text("minAvailable") ?? "1", expected);
            if (healthy > needed)
                continue;
            throw new KubeFailure(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                new JsonObject
                {
                    ["causes"] = new JsonArray(
                        new JsonObject
                        {
                            ["reason"] = "DisruptionBudget",
                            ["message"] =
                                $"The disruption budget {budget.Name()} needs {needed} healthy pods and has {healthy} currently",
                        }
                    ),
                }
            );
        }
    }

    internal static bool IsReady(JsonObject pod) =>
        pod.Map("status").Items("conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True");

    private static int Expected(JsonObject budget, int pods) =>
        int.TryParse(budget.Meta().Map("annotations").Text("lab/expected"), CultureInfo.InvariantCulture, out var n)
            ? n
            : pods;

    private static int Count(string value, int of) =>
        value.EndsWith('%')
            ? (int)Math.Ceiling(of * int.Parse(value[..^1], CultureInfo.InvariantCulture) / 100.0)
            : int.Parse(value, CultureInfo.InvariantCulture);
}
