using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TalosTailscale.Core.Inventory;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// The text of a kubeconfig as a tree: JSON, or the first document of YAML 1.1 as Go reads it, where <c>yes</c> is a truth
/// value, of a key that is there twice the last one counts, and aliases stand for copies. What is no text is no text:
/// Kubernetes refuses a token of digits without quotes, and so does whoever reads this tree.
/// </summary>
internal sealed partial class KubeconfigText
{
    // Aliases are copied, so a small text could become a large tree.
    private const int MaximumValues = 200_000;

    private readonly BoundedYaml _parser;
    private readonly Dictionary<string, JsonNode?> _anchors = new(StringComparer.Ordinal);
    private int _values;

    private KubeconfigText(string text) => _parser = BoundedYaml.Of(text);

    /// <summary>Reads it; null where there is nothing in it.</summary>
    /// <exception cref="YamlException">It is no YAML, or too large or too deep.</exception>
    internal static JsonNode? Read(ReadOnlyMemory<byte> bytes)
    {
        using var reader = new StreamReader(new MemoryStream(bytes.ToArray()), Encoding.UTF8);
        string text = reader.ReadToEnd();
        return Json(text) ?? new KubeconfigText(text).Document();
    }

    // Tabs may indent JSON but not YAML, so it has a reader of its own.
    private static JsonObject? Json(string text)
    {
        if (!text.AsSpan().TrimStart().StartsWith("{", StringComparison.Ordinal))
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return Copy(document.RootElement) as JsonObject;
        }
        catch (JsonException)
        {
            // YAML may begin with a brace too.
            return null;
        }
    }

    private static JsonNode? Copy(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var mapping = new JsonObject();
                foreach (JsonProperty property in element.EnumerateObject())
                    mapping[property.Name] = Copy(property.Value);
                return mapping;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select(Copy)]);
            default:
                return element.ValueKind == JsonValueKind.Null ? null : JsonValue.Create(element.Clone());
        }
    }

    private JsonNode? Document()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
            return null;
        return Value();
    }

    private JsonNode? Value()
    {
        Count();
        if (_parser.TryConsume<AnchorAlias>(out AnchorAlias? alias))
        {
            return _anchors.TryGetValue(alias.Value.Value, out JsonNode? known)
                ? Copy(known)
                : throw new YamlException(alias.Start, alias.End, "there is no such anchor");
        }

        ParsingEvent at = _parser.Current ?? throw new YamlException("a value was expected");
        AnchorName anchor = at is NodeEvent node ? node.Anchor : AnchorName.Empty;
        JsonNode? value = at switch
        {
            Scalar => Resolve(_parser.Consume<Scalar>()),
            SequenceStart => Sequence(),
            MappingStart => Mapping(),
            _ => throw new YamlException(at.Start, at.End, "a value was expected"),
        };
        if (!anchor.IsEmpty)
            _anchors[anchor.Value] = value;
        return value;
    }

    private JsonArray Sequence()
    {
        _parser.Consume<SequenceStart>();
        var items = new JsonArray();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(Value());
        return items;
    }

    private JsonObject Mapping()
    {
        _parser.Consume<MappingStart>();
        var mapping = new JsonObject();
        var merged = new List<JsonObject>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            Mark start = _parser.Current?.Start ?? Mark.Empty;
            if (Value() is not JsonValue key)
                throw new YamlException(start, start, "a key has to be text");
            JsonNode? value = Value();
            if (key.ToString() == "<<")
                merged.AddRange(
                    value is JsonArray several ? several.OfType<JsonObject>()
                    : value is JsonObject one ? [one]
                    : []
                );
            else
                mapping[key.ToString()] = value;
        }

        foreach ((string name, JsonNode? value) in merged.SelectMany(one => one))
            if (!mapping.ContainsKey(name))
                mapping[name] = Copy(value);
        return mapping;
    }

    private JsonNode? Copy(JsonNode? node)
    {
        Count();
        return node switch
        {
            JsonObject mapping => new JsonObject(mapping.Select(one => KeyValuePair.Create(one.Key, Copy(one.Value)))),
            JsonArray items => new JsonArray([.. items.Select(Copy)]),
            _ => node?.DeepClone(),
        };
    }

    private void Count()
    {
        if (++_values > MaximumValues)
            throw new YamlException($"more than {MaximumValues} values are not accepted");
    }

    private static JsonNode? Resolve(Scalar scalar)
    {
        string text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || scalar.Tag == "tag:yaml.org,2002:str")
            return JsonValue.Create(text);
        if (text is "" or "~" or "null" or "Null" or "NULL")
            return null;
        if (TrueRegex().IsMatch(text))
            return JsonValue.Create(true);
        if (FalseRegex().IsMatch(text))
            return JsonValue.Create(false);
        if (!NumberRegex().IsMatch(text))
            return JsonValue.Create(text);
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole)
                ? JsonValue.Create(whole)
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number)
                ? JsonValue.Create(number)
            : JsonValue.Create(0);
    }

    [GeneratedRegex("^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$")]
    private static partial Regex TrueRegex();

    [GeneratedRegex("^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$")]
    private static partial Regex FalseRegex();

    [GeneratedRegex(
        @"^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*|(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$"
    )]
    private static partial Regex NumberRegex();
}
