using System.Globalization;
using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Merging;

/// <summary>A list of JSON patch operations (RFC 6902, in JSON or YAML) on the one document of a configuration.</summary>
/// <remarks>
/// Stricter than Talos in one thing: <c>replace</c> and <c>copy</c> of a path that is not there fail, as the RFC says.
/// Its negative indices are understood.
/// </remarks>
internal sealed class JsonPatch(ConfigTree tree, SchemaCheck check, string patch)
{
    /// <summary>Applies the operations in order.</summary>
    public void Apply(YamlNode operations)
    {
        if (tree.Count != 1)
            throw MachineConfigErrors.JsonPatchMultiDocument.New(
                $"'{patch}' is a JSON6902 patch; found {tree.Count} documents in '{tree.Name}', expected exactly one.",
                patch
            );
        YamlNode root = tree.Documents.First().Document.Root!;
        for (int i = 0; i < operations.Entries!.Count; i++)
        {
            YamlNode operation = operations.Entries[i].Value;
            if (operation.Kind != YamlKind.Map)
                throw Failed(i, "?", operation, "found no map", "an operation with 'op' and 'path'");
            Apply(root, operation, i);
        }

        // Talos writes what it could not read again.
        DocumentId id = DocumentId.Of(root);
        if (TalosSchema.Instance.Document(id.Kind) is { } type)
            check.Check(root, type, root, string.Empty);
    }

    private void Apply(YamlNode root, YamlNode operation, int index)
    {
        string op = operation.GetText("op") ?? string.Empty;
        Place place = Locate(root, operation, "path", index, op);
        switch (op)
        {
            case "add":
                Add(place, Value(operation, index, op));
                break;
            case "remove":
                tree.Remove(place.Parent, Existing(place));
                break;
            case "replace":
                Replace(place, Value(operation, index, op));
                break;
            case "test":
                if (!YamlEquality.Same(Existing(place).Value, Value(operation, index, op), SchemaType.Free))
                    throw Failed(
                        index,
                        op,
                        operation,
                        $"the value at '{place.Pointer}' is another one",
                        "the value given"
                    );
                break;
            case "copy":
                Add(place, tree.Aliases.Clone(Existing(Locate(root, operation, "from", index, op)).Value));
                break;
            case "move":
                Move(root, operation, index);
                break;
            default:
                throw Failed(
                    index,
                    op,
                    operation,
                    $"found the operation '{op}'",
                    "add, remove, replace, move, copy or test"
                );
        }
    }

    private void Move(YamlNode root, YamlNode operation, int index)
    {
        Place from = Locate(root, operation, "from", index, "move");
        string to = operation.GetText("path") ?? string.Empty;
        if (to.StartsWith(from.Pointer + "/", StringComparison.Ordinal))
            throw Failed(index, "move", operation, $"'{to}' is inside '{from.Pointer}'", "a place outside");
        YamlEntry entry = Existing(from);
        YamlNode value = tree.Aliases.Clone(entry.Value);
        tree.Remove(from.Parent, entry);
        Add(Locate(root, operation, "path", index, "move"), value);
    }

    private void Add(Place place, YamlNode value)
    {
        if (place.Parent.Kind == YamlKind.Sequence)
        {
            int count = place.Parent.Entries!.Count;
            int at = place.Key == "-" ? count : Index(place, count + 1);
            tree.Add(place.Parent, null, value, at);
        }
        else if (place.Parent.Find(place.Key) is { } entry)
        {
            tree.Replace(place.Parent, entry, value);
        }
        else
        {
            tree.Add(place.Parent, place.Key, value);
        }
    }

    private void Replace(Place place, YamlNode value)
    {
        YamlEntry entry = Existing(place);
        if (!YamlEquality.Same(entry.Value, value, SchemaType.Free))
            tree.Replace(place.Parent, entry, value);
    }

    private YamlNode Value(YamlNode operation, int index, string op)
    {
        YamlNode value = operation.Get("value") ?? throw Failed(index, op, operation, "found no 'value'", "one");
        return PatchImport.Import(value, SchemaType.Free);
    }

    private YamlEntry Existing(Place place)
    {
        if (place.Parent.Kind == YamlKind.Map)
            return place.Parent.Find(place.Key) ?? throw NotThere(place, place.Key);
        return place.Parent.Entries![Index(place, place.Parent.Entries.Count)];
    }

    private int Index(Place place, int limit)
    {
        if (!int.TryParse(place.Key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index))
            throw NotThere(place, place.Key);
        if (index < 0)
            index += limit;
        return index >= 0 && index < limit ? index : throw NotThere(place, place.Key);
    }

    private Place Locate(YamlNode root, YamlNode operation, string key, int index, string op)
    {
        string pointer = operation.GetText(key) ?? throw Failed(index, op, operation, $"found no '{key}'", "one");
        if (pointer.Length == 0 || pointer[0] != '/')
            throw Failed(
                index,
                op,
                operation,
                $"found the path '{pointer}'",
                "one that begins with '/' and names a key"
            );
        string[] segments = pointer[1..].Split('/');
        for (int i = 0; i < segments.Length; i++)
            segments[i] = segments[i]
                .Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
        YamlNode node = root;
        for (int i = 0; i < segments.Length - 1; i++)
        {
            var place = new Place(node, segments[i], pointer, operation, index, op);
            if (!node.IsCollection)
                throw NotThere(place, segments[i]);
            tree.Aliases.ExpandMergeKey(node);
            YamlEntry entry = Existing(place);
            if (entry.Value.Kind == YamlKind.Alias)
                tree.Replace(node, entry, tree.Aliases.Clone(entry.Value));
            node = entry.Value;
        }

        if (!node.IsCollection)
            throw Failed(index, op, operation, $"the parent of '{pointer}' is no map or list", "a path that is there");
        tree.Aliases.ExpandMergeKey(node);
        return new Place(node, segments[^1], pointer, operation, index, op);
    }

    private TsException NotThere(Place place, string segment) =>
        Failed(
            place.Index,
            place.Op,
            place.Operation,
            $"found nothing at '{segment}' of '{place.Pointer}'",
            "a path that is there"
        );

    private TsException Failed(int index, string op, YamlNode operation, string found, string expected) =>
        MachineConfigErrors.JsonPatchFailed.New(
            $"'{patch}' {YamlPosition.Describe(operation)}: operation {index + 1} ('{op}'): {found}, expected {expected}.",
            patch
        );

    private sealed record Place(YamlNode Parent, string Key, string Pointer, YamlNode Operation, int Index, string Op);
}
