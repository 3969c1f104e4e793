using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Merging;

/// <summary>
/// Merges values of a patch into the configuration as Talos does (siderolabs/talos pkg/machinery/config/merge): maps by
/// key, lists appended except the keyed and the replaced ones, zero values ignored except behind pointers, null ignored.
/// </summary>
/// <remarks>
/// Four deliberate differences, all in favour of what is there: a certificate or key that the patch does not name stays,
/// a URL is replaced as a whole, the first value of an enumeration counts as a value, and disk selectors and sizes
/// that the patch does not repeat stay. Talos loses or ignores these as side effects of its data types.
/// </remarks>
internal sealed class StrategicMerge(ConfigTree tree, ListMerge mode, string patch)
{
    private readonly ListMerger _lists = new(tree, mode);

    /// <summary>Merges the keys of a map.</summary>
    public void MergeMap(YamlNode left, YamlNode right, SchemaType type, string path)
    {
        tree.Aliases.ExpandMergeKey(left);
        foreach (YamlEntry entry in right.Entries!)
        {
            string key = entry.Key!.Value;
            SchemaType inner = type.Struct?.Find(key)?.Type ?? type.Element ?? SchemaType.Free;
            MergeKey(
                left,
                key,
                entry.Value,
                inner,
                type.Kind != SchemaKind.Struct,
                path.Length == 0 ? key : path + "." + key
            );
        }
    }

    /// <summary>Merges a value into an entry that is there.</summary>
    public void MergeEntry(YamlNode parent, YamlEntry entry, YamlNode right, SchemaType type, string path)
    {
        if (entry.Value.Kind == YamlKind.Alias)
        {
            MergeThroughAlias(parent, entry, right, type, path);
            return;
        }

        YamlNode left = entry.Value;
        bool free = type.Kind == SchemaKind.Any;
        if (PatchImport.IsNull(right))
        {
            if (free && !type.IsReplaced && !PatchImport.IsNull(left))
                throw Mismatch(right, path, "nothing", left);
            return;
        }

        if (type.IsReplaced)
            ReplaceWhole(parent, entry, right, type);
        else if (PatchImport.IsNull(left))
            ReplaceIfOther(parent, entry, right, type);
        else if (free && left.Kind != right.Kind)
            throw Mismatch(right, path, Describe(right), left);
        else if (type.Kind == SchemaKind.Argument && (left.Kind != right.Kind || right.Kind == YamlKind.Sequence))
            ReplaceIfOther(parent, entry, right, type);
        else if (left.Kind != right.Kind)
            throw Mismatch(right, path, Describe(right), left);
        else if (right.Kind == YamlKind.Map)
            MergeMap(left, right, type, path);
        else if (right.Kind == YamlKind.Sequence)
            _lists.Merge(this, left, right, type, path);
        else
            MergeScalar(parent, entry, right, type, path);
    }

    private static string Describe(YamlNode node) =>
        node.Kind switch
        {
            YamlKind.Map => "a map",
            YamlKind.Sequence => "a list",
            _ => YamlScalar.TypeOf(node) switch
            {
                ScalarType.Boolean => "a boolean",
                ScalarType.Integer => "an integer",
                ScalarType.Fraction => "a fraction",
                ScalarType.Null => "nothing",
                _ => "text",
            },
        };

    private void MergeKey(YamlNode left, string key, YamlNode right, SchemaType type, bool isMap, string path)
    {
        if (left.Find(key) is { } entry)
        {
            MergeEntry(left, entry, right, type, path);
            return;
        }

        bool free = type.Kind == SchemaKind.Any;
        if (PatchImport.IsNull(right) && (!isMap || type.Kind is SchemaKind.Struct or SchemaKind.List))
            return;
        bool noValue =
            type.Kind
                is SchemaKind.Text
                    or SchemaKind.Format
                    or SchemaKind.Integer
                    or SchemaKind.Duration
                    or SchemaKind.TextOrNumber
            && !type.IsPointer
            && PatchImport.IsZero(right, type);
        if (!isMap && noValue)
            return;
        bool emptyCollection = right.IsCollection && right.Entries!.Count == 0;
        if (emptyCollection && !isMap && !type.IsReplaced && type.Kind is SchemaKind.List or SchemaKind.Map)
            return;
        if (emptyCollection && free && type.IsReplaced)
            return;
        if (type.Kind == SchemaKind.List && !type.IsReplaced)
        {
            // Through the list rules: an entry twice in the patch is one entry.
            YamlNode list = YamlNode.NewSequence();
            _lists.Merge(this, list, right, type, path);
            tree.Add(left, key, list);
            return;
        }

        tree.Add(left, key, PatchImport.Import(right, type));
    }

    private void MergeScalar(YamlNode parent, YamlEntry entry, YamlNode right, SchemaType type, string path)
    {
        YamlNode left = entry.Value;
        if (type.Kind == SchemaKind.Any)
        {
            ScalarType found = YamlScalar.TypeOf(right);
            if (found != YamlScalar.TypeOf(left))
                throw Mismatch(right, path, Describe(right), left);
            if (found != ScalarType.Boolean && PatchImport.IsZero(right, type))
                return;
        }
        else if (type.Kind != SchemaKind.Boolean && !type.IsPointer && PatchImport.IsZero(right, type))
        {
            return;
        }

        ReplaceIfOther(parent, entry, right, type);
    }

    private void ReplaceIfOther(YamlNode parent, YamlEntry entry, YamlNode right, SchemaType type)
    {
        if (right.IsCollection && right.Entries!.Count == 0 && type.Kind is SchemaKind.List or SchemaKind.Map)
            return;
        if (!YamlEquality.Same(entry.Value, right, type))
            tree.Replace(parent, entry, PatchImport.Import(right, type));
    }

    private void ReplaceWhole(YamlNode parent, YamlEntry entry, YamlNode right, SchemaType type)
    {
        bool nothing = right.Kind == YamlKind.Map && right.Entries!.Count == 0;
        if (!nothing && !YamlEquality.Same(entry.Value, right, type))
            tree.Replace(parent, entry, PatchImport.Import(right, type));
    }

    // The alias stays an alias unless the merge really changes something.
    private void MergeThroughAlias(YamlNode parent, YamlEntry entry, YamlNode right, SchemaType type, string path)
    {
        YamlNode holder = YamlNode.NewSequence();
        YamlNode copy = tree.Aliases.Clone(entry.Value);
        var inner = new YamlEntry(null, copy, -1, -1, isNew: true);
        holder.AddRead(inner);
        MergeEntry(holder, inner, right, type, path);
        if (holder.IsDirty)
            tree.Replace(parent, entry, inner.Value);
    }

    private TsException Mismatch(YamlNode right, string path, string found, YamlNode left) =>
        MachineConfigErrors.MergeTypeMismatch.New(
            $"'{patch}' {YamlPosition.Describe(right)}: found {found} for '{path}', expected {Describe(left)} as in '{tree.Name}'.",
            patch
        );
}
