using System.Text;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Reporting;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TalosTailscale.Core.Images.Initrd;

/// <summary>
/// Reads <c>layers: [{image, metadata: {name, version, author, description, extraInfo}}]</c> from the parser's events:
/// no recursion and no object graph, so depth and aliases of a hostile file cost nothing.
/// </summary>
internal static class ExtensionsYaml
{
    private const int MaxDepth = 32;
    private const int MaxLayers = 1000;

    public static IReadOnlyList<ExtensionLayer> Parse(byte[] yaml, string name)
    {
        try
        {
            var parser = BoundedYaml.Of(Encoding.UTF8.GetString(yaml), MaxDepth);
            return Read(parser, name);
        }
        catch (Exception e) when (e is not TsException and not OutOfMemoryException)
        {
            // The scanner answers some malformed scalars with InvalidOperationException and not with YamlException.
            throw ImageErrors.InitrdMalformed.New(
                $"'{name}' has an extensions.yaml that is not YAML: {e.Message}",
                name,
                e
            );
        }
    }

    private static List<ExtensionLayer> Read(BoundedYaml parser, string name)
    {
        var layers = new List<ExtensionLayer>();
        var path = new Stack<Frame>();
        Dictionary<string, string>? layer = null;
        while (parser.MoveNext())
        {
            switch (parser.Current)
            {
                case MappingStart or SequenceStart:
                    path.Push(new Frame(parser.Current is MappingStart, Where(path)));
                    if (Misplaced(path.Peek().Path, path.Peek().IsMapping) is { } what)
                        throw Malformed(name, what);
                    if (path.Peek() is { IsMapping: true, Path: "/layers/-" })
                        layer = [];
                    break;
                case MappingEnd or SequenceEnd:
                    if (path.Pop() is { IsMapping: true, Path: "/layers/-" } && layer is not null)
                        layers.Add(Make(layer, name));
                    if (layers.Count > MaxLayers)
                        throw Malformed(name, $"has more than {MaxLayers} layers");
                    if (path.TryPeek(out var outer))
                        outer.Key = null;
                    break;
                case Scalar scalar when path.TryPeek(out var top):
                    if (top is { IsMapping: true, Key: null })
                    {
                        top.Key = scalar.Value;
                        break;
                    }

                    if (Where(path) is "/layers" or "/layers/-" && scalar.Value is not ("" or "~" or "null"))
                        throw Malformed(name, "has layers that are not a list of mappings");
                    if (top.IsMapping)
                        layer?.TryAdd($"{top.Path}/{top.Key}", scalar.Value);
                    top.Key = null;
                    break;
                case AnchorAlias:
                    throw Malformed(name, "uses an alias");
            }
        }

        return layers;
    }

    // Only the places that matter have a shape; what else a newer imager writes is left alone.
    private static string? Misplaced(string path, bool isMapping) =>
        path switch
        {
            "" when !isMapping => "is not a mapping",
            "/layers" when isMapping => "has layers that are not a list",
            "/layers/-" when !isMapping => "has layers that are not a list of mappings",
            _ => null,
        };

    private static string Where(Stack<Frame> path) =>
        path.TryPeek(out var top) ? $"{top.Path}/{(top.IsMapping ? top.Key : "-")}" : "";

    private static ExtensionLayer Make(Dictionary<string, string> values, string name)
    {
        string? Get(string key) =>
            values.TryGetValue("/layers/-" + key, out var value) && value.Length > 0
                ? PrintableText.Clean(value)
                : null;
        return new ExtensionLayer(
            Get("/image") ?? "",
            Get("/metadata/name") ?? throw Malformed(name, "has a layer without metadata.name"),
            Get("/metadata/version"),
            Get("/metadata/author"),
            Get("/metadata/description"),
            values.GetValueOrDefault("/layers/-/metadata/extraInfo")
        );
    }

    private static TsException Malformed(string name, string what) =>
        ImageErrors.InitrdMalformed.New($"'{name}' has an extensions.yaml that {what}.", name);

    private sealed class Frame(bool isMapping, string path)
    {
        public bool IsMapping { get; } = isMapping;

        public string Path { get; } = path;

        public string? Key { get; set; }
    }
}
