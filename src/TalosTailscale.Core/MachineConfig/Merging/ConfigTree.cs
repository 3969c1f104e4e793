using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Merging;

/// <summary>What tells documents apart.</summary>
/// <param name="ApiVersion">Empty for the main document.</param>
/// <param name="Kind">Empty for the main document.</param>
/// <param name="Name">Empty where the kind has no names.</param>
internal readonly record struct DocumentId(string ApiVersion, string Kind, string Name)
{
    /// <summary>Reads it from a document.</summary>
    public static DocumentId Of(YamlNode root)
    {
        string kind = root.GetText("kind") ?? string.Empty;
        string name = kind.Length == 0 ? string.Empty : root.GetText("name") ?? string.Empty;
        return new DocumentId(kind.Length == 0 ? string.Empty : root.GetText("apiVersion") ?? string.Empty, kind, name);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Kind.Length == 0 ? "v1alpha1"
        : Name.Length == 0 ? Kind
        : $"{Kind}/{Name}";
}

/// <summary>A configuration being patched: its documents by id, and the one way to change them.</summary>
internal sealed class ConfigTree
{
    private readonly Dictionary<DocumentId, YamlDocument> _documents;

    private ConfigTree(YamlStream stream, string name, Dictionary<DocumentId, YamlDocument> documents)
    {
        _documents = documents;
        Stream = stream;
        Name = name;
        Aliases = new YamlAliases(name);
    }

    public YamlStream Stream { get; }

    /// <summary>The name of the configuration in messages.</summary>
    public string Name { get; }

    public YamlAliases Aliases { get; }

    /// <summary>The documents that are not empty, in order.</summary>
    public IEnumerable<(DocumentId Id, YamlDocument Document)> Documents =>
        Stream.Documents.Where(document => !document.IsEmpty).Select(document => (document.Id, document));

    public int Count => _documents.Count;

    /// <summary>Reads a configuration.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">The name of the file or node, for messages.</param>
    /// <param name="look">Called with each document while its tree is there: what only looks costs one reading.</param>
    public static ConfigTree Read(string text, string name, Action<YamlDocument>? look = null)
    {
        var documents = new Dictionary<DocumentId, YamlDocument>();
        YamlStream stream = YamlReader.Read(text, name, document =>
        {
            if (document.Root!.Kind != YamlKind.Map)
                throw MachineConfigErrors.YamlInvalid.New(
                    $"'{name}' {YamlPosition.Describe(document.Root)}: found a document that is no map, expected a configuration document.",
                    name
                );
            if (!documents.TryAdd(document.Id, document))
                throw MachineConfigErrors.DocumentDuplicate.New(
                    $"'{name}' {YamlPosition.Describe(document.Root)}: found the document '{document.Id}' a second time, expected it once.",
                    name
                );
            look?.Invoke(document);
        });
        return new ConfigTree(stream, name, documents);
    }

    public YamlDocument? Find(DocumentId id) => _documents.GetValueOrDefault(id);

    public bool HasKind(string kind) => _documents.Keys.Any(id => id.Kind == kind);

    public void Append(DocumentId id, YamlDocument document)
    {
        document.IsNew = true;
        foreach (string kind in TalosSchema.ConflictsOf(id.Kind))
        {
            DocumentId other = id with { Kind = kind };
            if (_documents.ContainsKey(other))
                throw MachineConfigErrors.DocumentConflict.New(
                    $"The patch adds '{id}', found '{other}' in '{Name}', expected only one of the two kinds with that name.",
                    id.ToString()
                );
        }

        _documents.Add(id, document);
        Stream.Documents.Add(document);
    }

    public void Remove(DocumentId id)
    {
        YamlDocument document = _documents[id];
        if (Stream.HasAnchors && document.Root is not null)
            FreeAliasesInside(document.Root);
        _documents.Remove(id);
        Stream.Documents.Remove(document);
        if (!document.IsNew)
            Stream.Removed.Add(document);
    }

    public YamlEntry Add(YamlNode parent, string? key, YamlNode value, int at = -1)
    {
        FreeAliases(parent);
        return parent.Add(key, value, at);
    }

    public void Replace(YamlNode parent, YamlEntry entry, YamlNode value)
    {
        FreeAliases(parent);
        FreeAliasesInside(entry.Value);
        parent.Replace(entry, value);
    }

    public void Remove(YamlNode parent, YamlEntry entry)
    {
        FreeAliases(parent);
        FreeAliasesInside(entry.Value);
        parent.Remove(entry);
    }

    // A change through an anchor must not reach its aliases: they get the old value written out first.
    private void FreeAliases(YamlNode changed)
    {
        if (!Stream.HasAnchors)
            return;
        for (YamlNode? node = changed; node is not null; node = node.Parent)
        {
            if (node.Anchor is not null)
                WriteOut(node);
        }
    }

    private void FreeAliasesInside(YamlNode gone)
    {
        if (!Stream.HasAnchors)
            return;
        if (gone.Anchor is not null)
            WriteOut(gone);
        foreach (YamlEntry entry in gone.Entries ?? [])
            FreeAliasesInside(entry.Value);
    }

    private void WriteOut(YamlNode target)
    {
        foreach (YamlDocument document in Stream.Documents)
        {
            if (document.Root is not null)
                WriteOut(document.Root, target);
        }
    }

    private void WriteOut(YamlNode node, YamlNode target)
    {
        foreach (YamlEntry entry in node.Entries?.ToArray() ?? [])
        {
            if (entry.Value.Kind != YamlKind.Alias)
                WriteOut(entry.Value, target);
            else if (!ReferenceEquals(entry.Value.Resolved, target))
                continue;
            else if (entry.Key?.Value == "<<")
                Aliases.ExpandMergeKey(node);
            else
                node.Replace(entry, Aliases.Clone(target));
        }
    }
}
