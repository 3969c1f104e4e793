using TalosTailscale.Core.MachineConfig.Schema;

namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Equal trees: the order of keys and the quoting do not matter, everything else does.</summary>
internal static class YamlEquality
{
    /// <summary>Whether two values mean the same where a value of this type stands.</summary>
    public static bool Same(YamlNode left, YamlNode right, SchemaType type)
    {
        left = left.Resolved;
        right = right.Resolved;
        if (left.Kind != right.Kind)
            return false;
        return left.Kind switch
        {
            YamlKind.Map => SameMap(left, right, type),
            YamlKind.Sequence => SameList(left, right, type),
            _ => SameScalar(left, right, type),
        };
    }

    /// <summary>A number that is the same for equal values; different ones may share it.</summary>
    public static int Hash(YamlNode node, int depth = 0)
    {
        node = node.Resolved;
        if (node.Kind == YamlKind.Scalar)
        {
            // Numbers are equal in many spellings; their count is small enough to compare them one by one.
            return YamlScalar.TypeOf(node.Value) == ScalarType.Text
                ? string.GetHashCode(node.Value, StringComparison.Ordinal)
                : 1;
        }

        int hash = node.Entries!.Count;
        if (depth > 4)
            return hash;
        foreach (YamlEntry entry in node.Entries)
        {
            int value = Hash(entry.Value, depth + 1);
            if (entry.Key is null)
                hash = HashCode.Combine(hash, value);
            else
                hash ^= HashCode.Combine(entry.Key.Value.GetHashCode(StringComparison.Ordinal), value);
        }

        return hash;
    }

    private static bool SameMap(YamlNode left, YamlNode right, SchemaType type)
    {
        if (left.Entries!.Count != right.Entries!.Count)
            return false;
        foreach (YamlEntry entry in right.Entries)
        {
            string key = entry.Key!.Value;
            if (left.Find(key) is not { } other)
                return false;
            SchemaType inner = type.Struct?.Find(key)?.Type ?? type.Element ?? SchemaType.Free;
            if (!Same(other.Value, entry.Value, inner))
                return false;
        }

        return true;
    }

    private static bool SameList(YamlNode left, YamlNode right, SchemaType type)
    {
        if (left.Entries!.Count != right.Entries!.Count)
            return false;
        for (int i = 0; i < left.Entries.Count; i++)
        {
            if (!Same(left.Entries[i].Value, right.Entries[i].Value, type.Element ?? SchemaType.Free))
                return false;
        }

        return true;
    }

    private static bool SameScalar(YamlNode left, YamlNode right, SchemaType type)
    {
        string a = left.Value;
        string b = right.Value;
        switch (type.Kind)
        {
            case SchemaKind.Text or SchemaKind.Argument:
                return TextOf(left) == TextOf(right);
            case SchemaKind.Boolean:
                return YamlScalar.TryBoolean(a) is { } known && known == YamlScalar.TryBoolean(b);
        }

        ScalarType kind = YamlScalar.TypeOf(left);
        if (kind != YamlScalar.TypeOf(right))
            return false;
        return kind switch
        {
            ScalarType.Null => true,
            ScalarType.Boolean => YamlScalar.TryBoolean(a) == YamlScalar.TryBoolean(b),
            ScalarType.Integer => YamlScalar.TryInteger(a, out Int128 x)
                && YamlScalar.TryInteger(b, out Int128 y)
                && x == y,
            ScalarType.Fraction => YamlScalar.TryFraction(a, out double x)
                && YamlScalar.TryFraction(b, out double y)
                && x.Equals(y),
            _ => a == b,
        };
    }

    // Where Talos expects text, null is the empty one.
    private static string TextOf(YamlNode node) =>
        YamlScalar.TypeOf(node) == ScalarType.Null ? string.Empty : node.Value;
}
