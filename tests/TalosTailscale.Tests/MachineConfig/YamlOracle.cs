using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>
/// What a YAML text means, read by YamlDotNet and not by the reader under test: every document as canonical text, keys
/// sorted, scalars by the 1.2 core schema (and 017 as Talos reads it), aliases and merge keys resolved.
/// </summary>
internal static class YamlOracle
{
    /// <summary>Documents by apiVersion/kind/name; the main one is "v1alpha1".</summary>
    public static SortedDictionary<string, string> Documents(string text, bool loose = false)
    {
        var documents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (object? tree in Trees(text))
        {
            if (tree is null)
                continue;
            object? compared = loose ? Strip(tree) : tree;
            string id =
                tree is Dictionary<string, object?> map && map.TryGetValue("kind", out object? kind) && kind is not null
                    ? $"{Text(map.GetValueOrDefault("apiVersion"))}/{Text(kind)}/{Text(map.GetValueOrDefault("name"))}"
                    : "v1alpha1";
            documents.Add(id, Canonical(compared, loose));
        }

        return documents;
    }

    /// <summary>The ids of the documents in their order.</summary>
    public static List<string> Order(string text) =>
        [
            .. Trees(text)
                .OfType<Dictionary<string, object?>>()
                .Select(map =>
                    map.TryGetValue("kind", out object? kind)
                        ? $"{Text(map.GetValueOrDefault("apiVersion"))}/{Text(kind)}/{Text(map.GetValueOrDefault("name"))}"
                        : "/v1alpha1/"
                ),
        ];

    /// <summary>The trees: dictionaries, lists, <see cref="Leaf"/>s.</summary>
    public static List<object?> Trees(string text)
    {
        var parser = new Parser(new StringReader(text.TrimStart('\uFEFF')));
        var anchors = new Dictionary<string, object?>(StringComparer.Ordinal);
        var trees = new List<object?>();
        parser.Consume<StreamStart>();
        while (!parser.TryConsume<StreamEnd>(out _))
        {
            parser.Consume<DocumentStart>();
            object? tree = Node(parser, anchors);
            parser.Consume<DocumentEnd>();
            trees.Add(tree is Leaf { Type: "null" } ? null : tree);
        }

        return trees;
    }

    public static string Canonical(object? tree, bool loose)
    {
        var text = new StringBuilder();
        Write(text, tree, loose, 0);
        return text.ToString();
    }

    private static string Text(object? leaf) => leaf is Leaf known ? known.Value : string.Empty;

    private static object? Node(Parser parser, Dictionary<string, object?> anchors)
    {
        if (parser.TryConsume<AnchorAlias>(out AnchorAlias? alias))
            return anchors[alias.Value.Value];
        if (parser.TryConsume<Scalar>(out Scalar? scalar))
            return Remember(scalar.Anchor, Leaf.Of(scalar), anchors);
        if (parser.TryConsume<SequenceStart>(out SequenceStart? start))
        {
            var list = new List<object?>();
            while (!parser.TryConsume<SequenceEnd>(out _))
                list.Add(Node(parser, anchors));
            return Remember(start.Anchor, list, anchors);
        }

        MappingStart mapping = parser.Consume<MappingStart>();
        var map = new Dictionary<string, object?>(StringComparer.Ordinal);
        var merged = new List<object?>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            // The text of the key as it is: Talos has texts as keys whatever they look like.
            var key = parser.Consume<Scalar>();
            Remember(key.Anchor, Leaf.Of(key), anchors);
            object? value = Node(parser, anchors);
            if (key is { Value: "<<", Style: ScalarStyle.Plain, Tag.IsEmpty: true })
                merged.Add(value);
            else
                map.Add(key.Value, value);
        }

        foreach (object? source in merged.SelectMany(value => value is List<object?> many ? many : [value]))
        {
            foreach ((string key, object? value) in (Dictionary<string, object?>)source!)
                map.TryAdd(key, value);
        }

        return Remember(mapping.Anchor, map, anchors);
    }

    private static object? Remember(AnchorName anchor, object? value, Dictionary<string, object?> anchors)
    {
        if (!anchor.IsEmpty)
            anchors[anchor.Value] = value;
        return value;
    }

    // From the inside out: entries that are null, "", 0, false, [] or {}.
    private static object? Strip(object? tree)
    {
        if (tree is List<object?> list)
            return list.ConvertAll(Strip);
        if (tree is not Dictionary<string, object?> map)
            return tree;
        var kept = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((string key, object? value) in map)
        {
            object? stripped = Strip(value);
            bool empty =
                stripped is List<object?> { Count: 0 } or Dictionary<string, object?> { Count: 0 }
                || (stripped is Leaf leaf && (leaf.Type == "null" || leaf.Value is "" or "0" or "false"));
            if (!empty)
                kept[key] = stripped;
        }

        return kept;
    }

    private static void Write(StringBuilder text, object? tree, bool loose, int depth)
    {
        string indent = new(' ', depth * 2);
        switch (tree)
        {
            case Dictionary<string, object?> map:
                text.Append("{\n");
                foreach ((string key, object? value) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    text.Append(indent)
                        .Append("  ")
                        .Append(key.Replace("\n", "\\n", StringComparison.Ordinal))
                        .Append(" = ");
                    Write(text, value, loose, depth + 1);
                }

                text.Append(indent).Append("}\n");
                break;
            case List<object?> list:
                text.Append("[\n");
                foreach (object? item in list)
                {
                    text.Append(indent).Append("  ");
                    Write(text, item, loose, depth + 1);
                }

                text.Append(indent).Append("]\n");
                break;
            default:
                var leaf = (Leaf)tree!;
                text.Append(loose ? "" : leaf.Type + ":")
                    .Append(leaf.Value.Replace("\n", "\\n", StringComparison.Ordinal))
                    .Append('\n');
                break;
        }
    }

    internal sealed record Leaf(string Type, string Value, bool Plain)
    {
        public static Leaf Of(Scalar scalar)
        {
            bool plain = scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty;
            string value = scalar.Value;
            if (
                !plain
                && (
                    scalar.Tag.IsEmpty
                    || scalar.Tag.IsNonSpecific
                    || scalar.Tag.Value.EndsWith(":str", StringComparison.Ordinal)
                )
            )
                return new Leaf("text", value, plain);
            if (value is "" or "~" or "null" or "Null" or "NULL")
                return new Leaf("null", "null", plain);
            if (value is "true" or "True" or "TRUE")
                return new Leaf("bool", "true", plain);
            if (value is "false" or "False" or "FALSE")
                return new Leaf("bool", "false", plain);
            if (Integer(value) is { } number)
                return new Leaf("int", number.ToString(CultureInfo.InvariantCulture), plain);
            if (
                value.Length > 0
                && !value.Any(c => c is 'n' or 'N' or ' ' or ',' or 'i')
                && value.Any(char.IsAsciiDigit)
                && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double fraction)
            )
                return new Leaf("float", fraction.ToString("R", CultureInfo.InvariantCulture), plain);
            return new Leaf("text", value, plain);
        }

        private static long? Integer(string value)
        {
            string digits = value.TrimStart('-', '+');
            if (digits.Length == 0 || value.Length - digits.Length > 1 || !char.IsAsciiDigit(digits[0]))
                return null;
            try
            {
                long number = digits switch
                {
                    ['0', 'x', ..] => Convert.ToInt64(digits[2..], 16),
                    ['0', 'o', ..] => Convert.ToInt64(digits[2..], 8),
                    ['0', 'b', ..] => Convert.ToInt64(digits[2..], 2),
                    ['0', _, ..] => Convert.ToInt64(digits, 8),
                    _ => long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture),
                };
                return value[0] == '-' ? -number : number;
            }
            catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
            {
                return null;
            }
        }
    }
}
