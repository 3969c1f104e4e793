using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>The rules of Talos's merge on plain trees, written a second time and as short as they can be.</summary>
internal sealed class ReferenceMerge(ListMerge mode)
{
    public static string Id(Dictionary<string, object?> document) =>
        document.TryGetValue("kind", out object? kind) ? $"{kind}/{document["name"]}" : string.Empty;

    public List<Dictionary<string, object?>> Apply(
        List<Dictionary<string, object?>> config,
        List<Dictionary<string, object?>> patch
    )
    {
        List<Dictionary<string, object?>> result = [.. config];
        foreach (Dictionary<string, object?> document in patch)
        {
            int at = result.FindIndex(other => Id(other) == Id(document));
            if (at < 0)
                result.Add(document);
            else
                result[at] = Map(result[at], document, string.Empty);
        }

        return result;
    }

    private Dictionary<string, object?> Map(
        Dictionary<string, object?> left,
        Dictionary<string, object?> right,
        string path
    )
    {
        var result = new Dictionary<string, object?>(left);
        bool isMap =
            path.EndsWith("sysctls", StringComparison.Ordinal)
            || path.EndsWith("nodeLabels", StringComparison.Ordinal)
            || path.EndsWith("extraArgs", StringComparison.Ordinal)
            || path.Contains("extraConfig", StringComparison.Ordinal);
        foreach ((string key, object? value) in right)
        {
            string inner = path + "." + key;
            bool pointer = inner.EndsWith("kubespan.mtu", StringComparison.Ordinal);
            bool zero = value is "" or 0L && !pointer;
            bool empty = value is Dictionary<string, object?> { Count: 0 } or List<object?> { Count: 0 };
            if (left.TryGetValue(key, out object? old))
                result[key] = Value(old, value, inner, zero);
            else if (isMap)
                result[key] = value;
            else if (!zero)
                result[key] =
                    value is List<object?> list && !inner.EndsWith("podSubnets", StringComparison.Ordinal)
                        ? List([], list, inner)
                        : value;
            if (
                empty
                && !isMap
                && !left.ContainsKey(key)
                && inner
                    is not (
                        ".machine.kubelet"
                        or ".machine.network"
                        or ".machine.install"
                        or ".cluster"
                        or ".cluster.network.podSubnets"
                    )
            )
                result.Remove(key);
        }

        return result;
    }

    private object? Value(object? left, object? right, string path, bool zero)
    {
        if (left is Dictionary<string, object?> map)
            return Map(map, (Dictionary<string, object?>)right!, path);
        if (left is List<object?> list)
            return path.EndsWith("podSubnets", StringComparison.Ordinal)
                ? right
                : List(list, (List<object?>)right!, path);
        return zero ? left : right;
    }

    private List<object?> List(List<object?> left, List<object?> right, string path)
    {
        List<object?> result = [.. left];
        string? key =
            path.EndsWith("interfaces", StringComparison.Ordinal) ? "interface"
            : path.EndsWith("configFiles", StringComparison.Ordinal) ? "mountPath"
            : null;
        foreach (object? item in right)
        {
            int at = key is null
                ? -1
                : result.FindIndex(other =>
                    Equals(((Dictionary<string, object?>)other!)[key], ((Dictionary<string, object?>)item!)[key])
                );
            if (at >= 0)
            {
                result[at] = Map((Dictionary<string, object?>)result[at]!, (Dictionary<string, object?>)item!, path);
                continue;
            }

            if (mode == ListMerge.Union)
            {
                string? name = NameOf(item, path);
                int named = name is null ? -1 : result.FindIndex(other => NameOf(other, path) == name);
                if (named >= 0)
                {
                    result[named] = item;
                    continue;
                }

                if (result.Exists(other => Canonical(other) == Canonical(item)))
                    continue;
            }

            result.Add(item);
        }

        return result;
    }

    private static string? NameOf(object? item, string path) =>
        item switch
        {
            string text when path.EndsWith("environment", StringComparison.Ordinal) => text.Split('=')[0],
            Dictionary<string, object?> map when path.EndsWith("extensions", StringComparison.Ordinal) => (
                (string)map["image"]!
            ).Split(':')[0],
            _ => null,
        };

    public static string Canonical(object? tree) => YamlOracle.Canonical(Leaves(tree), loose: false);

    private static object? Leaves(object? tree) =>
        tree switch
        {
            Dictionary<string, object?> map => map.ToDictionary(pair => pair.Key, pair => Leaves(pair.Value)),
            List<object?> list => list.ConvertAll(Leaves),
            bool truth => new YamlOracle.Leaf("bool", truth ? "true" : "false", true),
            long number => new YamlOracle.Leaf(
                "int",
                number.ToString(System.Globalization.CultureInfo.InvariantCulture),
                true
            ),
            _ => new YamlOracle.Leaf("text", (string)tree!, false),
        };
}
