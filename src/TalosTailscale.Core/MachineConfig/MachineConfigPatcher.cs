using System.Text;
using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// Patches machine configurations without loss: the meaning is that of Talos's own strategic merge, the text of
/// everything that no patch touches stays as it is, byte for byte.
/// </summary>
public static class MachineConfigPatcher
{
    /// <summary>Applies patches, one after the other.</summary>
    /// <param name="config">The configuration, all documents.</param>
    /// <param name="patches">The patches, in order.</param>
    /// <param name="mode">What happens to lists.</param>
    /// <param name="name">What to call the configuration in messages: a node or file.</param>
    /// <param name="allowUnknownKeys">Accept keys and kinds that this module does not know: for a Talos newer than it.</param>
    /// <param name="talos">The node's Talos, whose merge it is; null when not known.</param>
    /// <returns>The result.</returns>
    /// <exception cref="TsException">One of <see cref="MachineConfigErrors"/>; nothing was changed then.</exception>
    public static PatchedConfig Apply(
        string config,
        IReadOnlyList<ConfigPatch> patches,
        ListMerge mode = ListMerge.Union,
        string name = "machine configuration",
        bool allowUnknownKeys = false,
        Version? talos = null
    )
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(patches);
        ConfigTree tree = ConfigTree.Read(config, name);
        TalosRules rules = TalosRules.For(talos, tree);
        foreach (ConfigPatch patch in patches)
            Apply(tree, patch, mode, allowUnknownKeys, rules);
        return Write(tree, config);
    }

    /// <summary>Applies patches to a configuration in bytes.</summary>
    /// <param name="config">The configuration, UTF-8.</param>
    /// <param name="patches">The patches, in order.</param>
    /// <param name="mode">What happens to lists.</param>
    /// <param name="name">What to call the configuration in messages.</param>
    /// <returns>The result.</returns>
    /// <exception cref="TsException">One of <see cref="MachineConfigErrors"/>; nothing was changed then.</exception>
    public static PatchedConfig Apply(
        ReadOnlySpan<byte> config,
        IReadOnlyList<ConfigPatch> patches,
        ListMerge mode = ListMerge.Union,
        string name = "machine configuration"
    ) => Apply(ConfigText.Decode(config, name), patches, mode, name);

    private static void Apply(
        ConfigTree tree,
        ConfigPatch patch,
        ListMerge mode,
        bool allowUnknownKeys,
        TalosRules rules
    )
    {
        YamlStream stream = YamlReader.Read(patch.Text, patch.Name);
        List<YamlDocument> documents = stream.Documents.FindAll(document => document.Root is not null);
        if (documents.Count == 0)
            throw MachineConfigErrors.PatchEmpty.New(
                $"'{patch.Name}' found no document, expected at least one.",
                patch.Name
            );
        if (stream.HasAnchors)
        {
            var aliases = new YamlAliases(patch.Name);
            foreach (YamlDocument document in documents)
                aliases.Expand(document.Root!);
        }

        if (documents is [{ Root.Kind: YamlKind.Sequence }])
        {
            var types = new SchemaCheck(patch.Name, rules, allowUnknownKeys);
            new JsonPatch(tree, types, patch.Name).Apply(documents[0].Root!);
            return;
        }

        Merge(tree, patch.Name, documents, mode, allowUnknownKeys, rules);
    }

    private static void Merge(
        ConfigTree tree,
        string patch,
        List<YamlDocument> documents,
        ListMerge mode,
        bool allowUnknownKeys,
        TalosRules rules
    )
    {
        var deletes = new PatchDeletes(tree, rules, patch);
        var merges = new List<(DocumentId Id, YamlDocument Document)>();
        var seen = new HashSet<DocumentId>();
        bool any = false;
        foreach (YamlDocument document in documents)
        {
            YamlNode root = document.Root!;
            if (root.Kind != YamlKind.Map)
                throw MachineConfigErrors.PatchShapeInvalid.New(
                    $"'{patch}' {YamlPosition.Describe(root)}: found no map, expected keys of a configuration.",
                    patch
                );
            DocumentId id = DocumentId.Of(root);
            any |= !NamesNothing(root);
            if (!deletes.Extract(root) || NamesNothing(root))
                continue;
            if (!seen.Add(id) && !rules.AllowsDocumentTwice)
                throw MachineConfigErrors.DocumentDuplicate.New(
                    $"'{patch}' {YamlPosition.Describe(root)}: found the document '{id}' a second time, expected it once.",
                    patch
                );
            merges.Add((id, document));
        }

        if (!any)
            throw MachineConfigErrors.PatchEmpty.New(
                $"'{patch}' found nothing but version, kind or name, expected at least one key to change.",
                patch
            );
        var check = new SchemaCheck(patch, rules, allowUnknownKeys);
        foreach ((DocumentId id, YamlDocument document) in merges)
            check.Check(
                document.Root!,
                TypeOf(tree, patch, id, document.Root!, allowUnknownKeys),
                tree.Find(id)?.Root,
                string.Empty
            );
        deletes.Apply();
        var merge = new StrategicMerge(tree, mode, patch);
        foreach ((DocumentId id, YamlDocument document) in merges)
        {
            if (tree.Find(id)?.Root is { } left)
                merge.MergeMap(
                    left,
                    document.Root!,
                    TalosSchema.Instance.Document(id.Kind) ?? SchemaType.Free,
                    string.Empty
                );
            else
                tree.Append(id, document);
        }
    }

    // Talos drops such a document silently.
    private static bool NamesNothing(YamlNode root) =>
        root.Entries!.TrueForAll(entry =>
            entry.Value.Kind == YamlKind.Scalar && entry.Key!.Value is "version" or "kind" or "name"
        );

    private static SchemaType TypeOf(ConfigTree tree, string patch, DocumentId id, YamlNode root, bool allowUnknown)
    {
        if (TalosSchema.Instance.Document(id.Kind) is { } type && (id.Kind.Length == 0 || id.ApiVersion == "v1alpha1"))
            return type;

        // A kind that the configuration has already is known to its node.
        if (allowUnknown || tree.Documents.Any(item => item.Id.Kind == id.Kind && item.Id.ApiVersion == id.ApiVersion))
            return SchemaType.Free;
        throw MachineConfigErrors.PatchUnknownKind.New(
            $"'{patch}' {YamlPosition.Describe(root)}: found a document of apiVersion '{id.ApiVersion}' and kind '{id.Kind}', expected a kind that Talos knows.",
            patch
        );
    }

    internal static PatchedConfig Write(ConfigTree tree, string config)
    {
        List<(DocumentId Id, YamlDocument Document)> documents = [.. tree.Documents];
        List<YamlDocument> old =
        [
            .. tree
                .Stream.Documents.Where(document => !document.IsNew)
                .Concat(tree.Stream.Removed)
                .OrderBy(document => document.MarkerStart),
        ];
        var gone = new HashSet<YamlDocument>(tree.Stream.Removed);
        YamlLayout layout = YamlLayout.Talos with { NewLine = YamlLayout.LineEndOf(config) ?? "\n" };
        if (old.Find(document => !document.IsEmpty) is { } first)
            layout = YamlLayout.Of(first, layout);
        bool changed = gone.Count > 0 || documents.Exists(item => item.Document.IsNew || item.Document.IsDirty);
        if (!changed)
            return new PatchedConfig(config, false, Describe(documents, tree));

        var text = new StringBuilder(config.Length + 1024);
        int at = 0;
        bool anyNew = documents.Exists(item => item.Document.IsNew);
        foreach (YamlDocument document in old)
        {
            bool removed = gone.Contains(document);
            bool mayGrow = document.BodyEnd == config.Length && (anyNew || document.IsDirty);
            if (!removed && !document.IsDirty && !mayGrow)
                continue;
            text.Append(config, at, document.MarkerStart - at);
            at = document.BodyEnd;
            if (removed)
                continue;
            List<(int Start, int End, string Text)> edits = document.IsDirty
                ? YamlEditor.EditsOf(document, YamlLayout.Of(document, layout))
                : [];
            if (mayGrow)
                YamlTail.Keep(document, edits, anyNew);
            YamlEditor.Apply(text, config, document.MarkerStart, document.BodyEnd, edits);
        }

        text.Append(config, at, config.Length - at);
        if (EndsInNewBlockScalar(old, gone) && text[^1] is not ('\n' or '\r'))
            text.Append(layout.NewLine);
        bool anyLeft = old.Exists(document => !gone.Contains(document));
        foreach ((_, YamlDocument document) in anyNew ? documents.Where(item => item.Document.IsNew) : [])
        {
            AppendDocument(text, document, layout, anyLeft);
            anyLeft = true;
        }

        return new PatchedConfig(text.ToString(), true, Describe(documents, tree));
    }

    // In a text without final line end, a block scalar at the end would lose its own.
    private static bool EndsInNewBlockScalar(List<YamlDocument> old, HashSet<YamlDocument> gone)
    {
        YamlNode? last = old.FindLast(document => !document.IsEmpty && !gone.Contains(document))?.Root;
        while (last?.Entries is { Count: > 0 } entries)
            last = entries[^1].Value;
        return last is { IsNew: true, Kind: YamlKind.Scalar } && last.Value.EndsWith('\n');
    }

    private static IReadOnlyList<MachineConfigDocument> Describe(
        List<(DocumentId Id, YamlDocument Document)> documents,
        ConfigTree tree
    )
    {
        IEnumerable<MachineConfigDocument> present = documents.Select(item =>
            ConfigDocuments.Describe(
                item.Id,
                item.Document,
                item.Document.IsNew ? MachineConfigChange.Added
                    : item.Document.IsDirty ? MachineConfigChange.Changed
                    : MachineConfigChange.Unchanged
            )
        );
        IEnumerable<MachineConfigDocument> removed = tree
            .Stream.Removed.Where(document => !document.IsEmpty)
            .Select(document => ConfigDocuments.Describe(document.Id, document, MachineConfigChange.Removed));
        return [.. present, .. removed];
    }

    private static void AppendDocument(StringBuilder text, YamlDocument document, YamlLayout layout, bool needsMarker)
    {
        bool atLineStart = text.Length == 0 || text[^1] is '\n' or '\r' || (text.Length == 1 && text[0] == '\uFEFF');
        if (!atLineStart)
            text.Append(layout.NewLine);
        if (needsMarker)
            text.Append("---").Append(layout.NewLine);
        var body = new StringBuilder();
        YamlNode root = document.Root!;
        if (root.Style == YamlStyle.Block)
        {
            // As its author wrote it, comments included; only the line ends follow the configuration.
            int from = document.BodyStart;
            List<(int Start, int End, string Text)> edits = root.IsDirty
                ? YamlEditor.EditsOf(document, YamlLayout.Of(document, layout))
                : [];
            YamlEditor.Apply(body, document.Source, from, document.BodyEnd, edits);
        }
        else
        {
            YamlWriter.WriteBlock(
                body,
                PatchImport.Import(root, TalosSchema.Instance.Document(DocumentId.Of(root).Kind) ?? SchemaType.Free),
                0,
                layout
            );
        }

        string written = body.ToString().TrimStart('\r', '\n', '\uFEFF');
        written = written.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (!written.EndsWith('\n'))
            written += '\n';
        text.Append(layout.NewLine == "\n" ? written : written.Replace("\n", layout.NewLine, StringComparison.Ordinal));
    }
}
