using System.Globalization;
using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>The patch types of the API: JSON Patch (RFC 6902), merge patch (RFC 7396) and strategic merge.</summary>
internal static class KubePatch
{
    private static readonly Dictionary<string, string> s_mergeKeys = new(StringComparer.Ordinal)
    {
        ["conditions"] = "type",
        ["addresses"] = "type",
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["volumes"] = "name",
        ["env"] = "name",
        ["volumeMounts"] = "mountPath",
        ["ports"] = "containerPort",
        ["taints"] = "key",
        ["ownerReferences"] = "uid",
        ["imagePullSecrets"] = "name",
    };

    internal static JsonObject Apply(JsonObject target, JsonNode patch, string mediaType)
    {
        switch (mediaType)
        {
            case "application/json-patch+json":
                return JsonPatch(target, patch.AsArray());
            case "application/strategic-merge-patch+json":
                Merge(target, patch.AsObject(), strategic: true);
                return target;
            case "application/merge-patch+json" or "application/apply-patch+yaml":
                Merge(target, patch.AsObject(), strategic: mediaType.Contains("apply", StringComparison.Ordinal));
                return target;
            default:
                throw new KubeFailure(
                    415,
                    "UnsupportedMediaType",
                    $"the body of the request was in an unknown format - accepted media types include: "
                        + "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml"
                );
        }
    }

    private static void Merge(JsonObject target, JsonObject patch, bool strategic)
    {
        foreach (var (name, value) in patch)
        {
            if (
                strategic && name is "$patch" or "$retainKeys"
                || name.StartsWith("$setElementOrder/", StringComparison.Ordinal)
            )
                continue;
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject map && target[name] is JsonObject old)
                Merge(old, map, strategic);
            else if (
                strategic
                && value is JsonArray list
                && target[name] is JsonArray oldList
                && s_mergeKeys.TryGetValue(name, out var key)
            )
                MergeList(oldList, list, key);
            else
                target[name] = value.DeepClone();
        }
    }

    private static void MergeList(JsonArray target, JsonArray patch, string key)
    {
        foreach (var item in patch.OfType<JsonObject>())
        {
            var old = target.OfType<JsonObject>().FirstOrDefault(o => o.Text(key) == item.Text(key));
            if (item.Text("$patch") == "delete")
                target.Remove(old);
            else if (old is null)
                target.Add(item.DeepClone());
            else
                Merge(old, item, strategic: true);
        }
    }

    private static JsonObject JsonPatch(JsonObject target, JsonArray operations)
    {
        foreach (var operation in operations.OfType<JsonObject>())
        {
            var path = (operation.Text("path") ?? "")
                .Split('/')
                .Skip(1)
                .Select(p =>
                    p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)
                )
                .ToArray();
            JsonNode? parent = target;
            foreach (var part in path.SkipLast(1))
                parent = parent is JsonArray a ? a[int.Parse(part, CultureInfo.InvariantCulture)] : parent?[part];
            var (last, value) = (path[^1], operation["value"]?.DeepClone());
            switch (operation.Text("op"), parent)
            {
                case ("add", JsonArray list):
                    list.Insert(last == "-" ? list.Count : int.Parse(last, CultureInfo.InvariantCulture), value);
                    break;
                case ("remove", JsonArray list):
                    list.RemoveAt(int.Parse(last, CultureInfo.InvariantCulture));
                    break;
                case ("replace", JsonArray list):
                    list[int.Parse(last, CultureInfo.InvariantCulture)] = value;
                    break;
                case ("add" or "replace", JsonObject map):
                    map[last] = value;
                    break;
                case ("remove", JsonObject map) when map.Remove(last):
                    break;
                case ("test", JsonObject map) when JsonNode.DeepEquals(map[last], value):
                    break;
                default:
                    throw new KubeFailure(
                        422,
                        "Invalid",
                        $"the server rejected our request due to an error in our request: {operation.ToJsonString()}"
                    );
            }
        }
        return target;
    }
}
