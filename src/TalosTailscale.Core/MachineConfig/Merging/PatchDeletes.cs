using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Merging;

/// <summary>
/// <c>$patch: delete</c>: found in a patch, taken out of it, and done to the configuration before anything is merged
/// (siderolabs/talos pkg/machinery/config/configloader/internal/decoder).
/// </summary>
internal sealed class PatchDeletes(ConfigTree tree, TalosRules rules, string patch)
{
    private readonly List<Selector> _selectors = [];

    /// <summary>Takes the deletes out of a document of the patch.</summary>
    /// <returns>False when nothing of the document is left to merge.</returns>
    public bool Extract(YamlNode root)
    {
        DocumentId id = DocumentId.Of(root);
        bool whole = Walk(root, id, [], insideList: false, parentIsList: false);
        return !whole && root.Entries!.Count > 0;
    }

    /// <summary>Deletes from the configuration, in the order of the patch.</summary>
    public void Apply()
    {
        foreach (Selector selector in _selectors)
        {
            YamlDocument? document = tree.Find(selector.Id);
            if (document is null && selector.Path.Count == 0 && rules.SkipsAbsentDocuments)
                continue;
            if (document?.Root is null)
                throw Missing(
                    selector,
                    $"the document '{selector.Id}' to delete {(selector.Path.Count == 0 ? "it" : "from")}",
                    "a document of that kind and name"
                );
            if (selector.Path.Count == 0)
                tree.Remove(selector.Id);
            else
                Delete(document.Root, selector);
        }
    }

    private bool Walk(YamlNode node, DocumentId id, List<string> path, bool insideList, bool parentIsList)
    {
        if (
            node.Kind == YamlKind.Map
            && node.Find("$patch") is { } mark
            && mark.Value.Kind == YamlKind.Scalar
            && mark.Value.Value == "delete"
        )
        {
            if (insideList && !parentIsList)
                throw NotPossible(node, path, "inside an entry of a list", "on the entry itself or on the whole list");
            AddSelector(node, id, path, parentIsList);
            return true;
        }

        if (node.Entries is null)
            return false;
        bool list = node.Kind == YamlKind.Sequence;
        for (int i = 0; i < node.Entries.Count; i++)
        {
            YamlEntry entry = node.Entries[i];
            path.Add(list ? $"[{i}]" : entry.Key!.Value);
            bool gone = Walk(entry.Value, id, path, insideList || list, list);
            path.RemoveAt(path.Count - 1);
            if (!gone)
                continue;
            node.Remove(entry);
            i--;
            if (node.Entries.Count == 0)
                return true;
        }

        return false;
    }

    private void AddSelector(YamlNode node, DocumentId id, List<string> path, bool parentIsList)
    {
        if (path.Count == 0 && id.Kind.Length == 0)
            throw NotPossible(
                node,
                ["the document"],
                "on the main document",
                "with apiVersion and kind of the document to delete"
            );
        if (path.Count == 0 && id.ApiVersion.Length == 0)
            throw NotPossible(
                node,
                ["the document"],
                "without apiVersion",
                "with apiVersion and kind of the document to delete"
            );
        YamlEntry? first = parentIsList ? node.Entries!.Find(entry => entry.Key!.Value != "$patch") : null;
        if (parentIsList && first is null)
            throw NotPossible(
                node,
                path,
                "on a list entry without a key",
                "beside the key and value that name the entry"
            );
        _selectors.Add(new Selector(id, [.. path], first?.Key!.Value, first?.Value.Value, node));
    }

    private void Delete(YamlNode root, Selector selector)
    {
        SchemaType type = TalosSchema.Instance.Document(selector.Id.Kind) ?? SchemaType.Free;
        YamlNode node = root;
        var parents = new List<(YamlNode Node, YamlEntry Entry, bool Optional)>();
        for (int i = 0; i < selector.Path.Count; i++)
        {
            string key = selector.Path[i];
            bool last = i == selector.Path.Count - 1;
            if (type.Kind == SchemaKind.List)
            {
                if (!last)
                    throw NotPossible(
                        selector.Node,
                        selector.Path,
                        "inside a list of a list entry",
                        "on the entry of the outer list"
                    );
                DeleteItem(node, type, selector, parents);
                return;
            }

            SchemaField? field = type.Kind == SchemaKind.Struct ? type.Struct!.Find(key) : null;
            bool reachable =
                type.Kind == SchemaKind.Map
                || field is { IsEmbedded: false }
                || (rules.DeletesEverywhere && (field is not null || IsFreeMap(type, node)));
            if (!reachable)
                throw NotPossible(
                    selector.Node,
                    selector.Path,
                    $"on '{key}', which Talos cannot delete by itself",
                    "on a key further up"
                );
            tree.Aliases.ExpandMergeKey(node);
            YamlEntry? entry = node.Kind == YamlKind.Map ? node.Find(key) : null;
            if (entry is null && last && field is not null)
                return;
            if (entry is null || (!last && PatchImport.IsNull(entry.Value)))
                throw Missing(
                    selector,
                    $"no '{key}' in '{string.Join('.', selector.Path.Take(i))}'",
                    "a key that is there"
                );
            if (last)
            {
                tree.Remove(node, entry);
                RemoveEmptied(node, parents);
                return;
            }

            if (entry.Value.Kind == YamlKind.Alias)
                tree.Replace(node, entry, tree.Aliases.Clone(entry.Value));
            parents.Add((node, entry, type.Kind == SchemaKind.Struct));
            node = entry.Value;
            type = type.Kind == SchemaKind.Map ? type.Element! : field?.Type ?? SchemaType.Free;
        }
    }

    private static bool IsFreeMap(SchemaType type, YamlNode node) =>
        type.Kind == SchemaKind.Any && node.Resolved.Kind == YamlKind.Map;

    private void DeleteItem(
        YamlNode list,
        SchemaType type,
        Selector selector,
        List<(YamlNode Node, YamlEntry Entry, bool Optional)> parents
    )
    {
        // Up to 1.12.4 addresses and URLs never match; numbers do in no version.
        SchemaKind? key = type.Element?.Struct?.Find(selector.Key!)?.Type.Kind;
        bool comparable = key == SchemaKind.Text || (rules.DeletesEverywhere && key == SchemaKind.Format);
        YamlEntry? found =
            comparable && list.Kind == YamlKind.Sequence
                ? list.Entries!.Find(entry => entry.Value.GetTextResolved(selector.Key!) == selector.Value)
                : null;
        if (found is null)
        {
            string expected = comparable ? "an entry with that value" : "a key whose value is plain text in Talos";
            throw Missing(selector, $"no entry whose '{selector.Key}' is the given value", expected);
        }

        tree.Remove(list, found);
        RemoveEmptied(list, parents);
    }

    // What a delete empties goes with it, as when Talos writes its configuration.
    private void RemoveEmptied(YamlNode node, List<(YamlNode Node, YamlEntry Entry, bool Optional)> parents)
    {
        if (node.Entries!.Count > 0 || parents.Count == 0)
            return;
        (YamlNode parent, YamlEntry entry, bool optional) = parents[^1];
        bool collection = node.Kind == YamlKind.Sequence || IsPlainMap(parents);
        if (optional && collection)
            tree.Remove(parent, entry);
    }

    private static bool IsPlainMap(List<(YamlNode Node, YamlEntry Entry, bool Optional)> parents)
    {
        SchemaType? type = TalosSchema.Instance.Document(DocumentId.Of(parents[0].Node).Kind);
        foreach ((_, YamlEntry entry, _) in parents)
            type = type?.Struct?.Find(entry.Key!.Value)?.Type ?? type?.Element;
        return type?.Kind == SchemaKind.Map;
    }

    private TsException Missing(Selector selector, string found, string expected) =>
        MachineConfigErrors.DeleteTargetMissing.New(
            $"'{patch}' {YamlPosition.Describe(selector.Node)}: '$patch: delete' found {found} in '{tree.Name}', expected {expected}.",
            patch
        );

    private TsException NotPossible(YamlNode node, IEnumerable<string> path, string found, string expected) =>
        MachineConfigErrors.DeleteNotPossible.New(
            $"'{patch}' {YamlPosition.Describe(node)}: found '$patch: delete' of '{string.Join('.', path)}' {found}, expected it {expected}.",
            patch
        );

    private sealed record Selector(
        DocumentId Id,
        IReadOnlyList<string> Path,
        string? Key,
        string? Value,
        YamlNode Node
    );
}
