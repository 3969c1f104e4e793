using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Merging;

/// <summary>Makes nodes for the configuration out of the values of a patch.</summary>
internal static class PatchImport
{
    /// <summary>A value of a patch as it is to stand in the configuration: nulls of known keys gone, text as text.</summary>
    public static YamlNode Import(YamlNode node, SchemaType type)
    {
        switch (node.Kind)
        {
            case YamlKind.Map:
                return ImportMap(node, type);
            case YamlKind.Sequence:
                YamlNode list = YamlNode.NewSequence(node.Style);
                SchemaType element = type.Element ?? (type.Kind == SchemaKind.Argument ? type : SchemaType.Free);
                foreach (YamlEntry entry in node.Entries!)
                {
                    if (type.Kind != SchemaKind.Any && IsNull(entry.Value))
                        continue;
                    list.AddRead(new YamlEntry(null, Import(entry.Value, element), -1, -1, isNew: true));
                }

                return list;
            default:
                return ImportScalar(node, type);
        }
    }

    /// <summary>The value is null: left out by <c>key:</c>, or written <c>null</c> or <c>~</c>.</summary>
    public static bool IsNull(YamlNode node) =>
        node.Kind == YamlKind.Scalar && YamlScalar.TypeOf(node) == ScalarType.Null;

    /// <summary>The value is what Go takes for "not set": empty text, or zero.</summary>
    public static bool IsZero(YamlNode node, SchemaType type)
    {
        if (node.Kind != YamlKind.Scalar)
            return false;
        if (node.Value.Length == 0)
            return true;
        return type.Kind switch
        {
            SchemaKind.Text or SchemaKind.Format => false,
            SchemaKind.Duration => node.Value.Trim('0', '.', 'h', 'm', 's', 'µ', 'u', 'n').Length == 0,
            _ => (
                YamlScalar.TypeOf(node) == ScalarType.Integer
                && YamlScalar.TryInteger(node.Value, out Int128 number)
                && number == 0
            )
                || (
                    YamlScalar.TypeOf(node) == ScalarType.Fraction
                    && YamlScalar.TryFraction(node.Value, out double fraction)
                    && fraction == 0
                ),
        };
    }

    private static YamlNode ImportMap(YamlNode node, SchemaType type)
    {
        YamlNode map = YamlNode.NewMap(node.Style);
        foreach (YamlEntry entry in node.Entries!)
        {
            SchemaType inner = type.Struct?.Find(entry.Key!.Value)?.Type ?? type.Element ?? SchemaType.Free;
            bool known = type.Kind == SchemaKind.Struct && inner.Kind != SchemaKind.Any;
            if (known && IsNull(entry.Value))
                continue;
            map.AddRead(new YamlEntry(ImportKey(entry.Key!), Import(entry.Value, inner), -1, -1, isNew: true));
        }

        return map;
    }

    private static YamlNode ImportKey(YamlNode key) => YamlNode.NewScalar(key.Value, YamlStyle.Plain, isText: true);

    private static YamlNode ImportScalar(YamlNode node, SchemaType type)
    {
        switch (type.Kind)
        {
            case SchemaKind.Text or SchemaKind.Argument when IsNull(node):
                return YamlNode.NewScalar(string.Empty, YamlStyle.DoubleQuoted, isText: true);
            case SchemaKind.Text or SchemaKind.Argument:
                return YamlNode.NewScalar(node.Value, node.Style, isText: true);
            case SchemaKind.Boolean when YamlScalar.TryBoolean(node.Value) is { } value:
                return YamlNode.NewScalar(value ? "true" : "false");
            default:
                YamlNode scalar = YamlNode.NewScalar(node.Value, node.Style);
                scalar.Tag = node.Tag;
                return scalar;
        }
    }
}
