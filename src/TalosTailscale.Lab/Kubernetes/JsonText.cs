using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Short ways through JSON objects whose shape is not certain.</summary>
internal static class JsonText
{
    internal static string? Text(this JsonObject? item, string name) =>
        item?[name] is JsonValue value
            ? value.GetValueKind() == System.Text.Json.JsonValueKind.String
                ? value.GetValue<string>()
                : value.ToJsonString()
            : null;

    internal static bool Flag(this JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.True;

    internal static long? Number(this JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    internal static JsonObject? Map(this JsonObject? item, string name) => item?[name] as JsonObject;

    internal static IEnumerable<JsonObject> Items(this JsonObject? item, string name) =>
        item?[name] is JsonArray array ? array.OfType<JsonObject>() : [];

    /// <summary>The child of that name, made when it is missing.</summary>
    internal static JsonObject Child(this JsonObject item, string name)
    {
        if (item[name] is JsonObject child)
            return child;
        child = [];
        item[name] = child;
        return child;
    }

    /// <summary>What a dotted path names, as text (<c>spec.nodeName</c>); empty when there is nothing.</summary>
    internal static string At(this JsonObject item, string path)
    {
        JsonNode? node = item;
        foreach (var part in path.Split('.'))
            node = (node as JsonObject)?[part];
        return node is JsonValue value
            ? value.GetValueKind() == System.Text.Json.JsonValueKind.String
                ? value.GetValue<string>()
                : value.ToJsonString()
            : "";
    }

    internal static JsonObject Meta(this JsonObject item) => item["metadata"]!.AsObject();

    internal static string Name(this JsonObject item) => item.Meta().Text("name")!;
}
