using System.Text;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>What the reader under test understood, in the oracle's terms.</summary>
internal static class ReaderTree
{
    public static List<object?> Trees(string text) =>
        [
            .. YamlReader
                .Read(text, "test")
                .Documents.Select(document => document.Root is null ? null : Convert(document.Root)),
        ];

    public static string Canonical(IEnumerable<object?> trees)
    {
        var text = new StringBuilder();
        foreach (object? tree in trees.Where(tree => tree is not (null or YamlOracle.Leaf { Type: "null" })))
            text.Append("---\n").Append(YamlOracle.Canonical(tree, loose: false));
        return text.ToString();
    }

    public static object? Convert(YamlNode node)
    {
        node = node.Resolved;
        switch (node.Kind)
        {
            case YamlKind.Sequence:
                return node.Entries!.ConvertAll(entry => Convert(entry.Value));
            case YamlKind.Map:
                var map = new Dictionary<string, object?>(StringComparer.Ordinal);
                foreach (YamlEntry entry in node.Entries!)
                {
                    if (!IsMergeKey(entry))
                        map.Add(entry.Key!.Value, Convert(entry.Value));
                }

                foreach (YamlEntry entry in node.Entries.Where(IsMergeKey))
                {
                    object? value = Convert(entry.Value);
                    foreach (object? source in value is List<object?> many ? many : [value])
                    {
                        foreach ((string key, object? inner) in (Dictionary<string, object?>)source!)
                            map.TryAdd(key, inner);
                    }
                }

                return map;
            default:
                bool plain = node.Style == YamlStyle.Plain && node.Tag is null;
                var scalar = new YamlDotNet.Core.Events.Scalar(
                    YamlDotNet.Core.AnchorName.Empty,
                    node.Tag is { } tag ? new YamlDotNet.Core.TagName(Long(tag)) : YamlDotNet.Core.TagName.Empty,
                    node.Value,
                    plain ? YamlDotNet.Core.ScalarStyle.Plain : YamlDotNet.Core.ScalarStyle.DoubleQuoted,
                    true,
                    true
                );
                return YamlOracle.Leaf.Of(scalar);
        }
    }

    private static bool IsMergeKey(YamlEntry entry) => entry.Key is { Value: "<<", Style: YamlStyle.Plain, Tag: null };

    private static string Long(string tag) =>
        tag.StartsWith("!!", StringComparison.Ordinal) ? "tag:yaml.org,2002:" + tag[2..] : tag;
}
