namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>What a node is.</summary>
internal enum YamlKind : byte
{
    /// <summary>Text, a number, a boolean or null.</summary>
    Scalar,

    /// <summary>Keys and values.</summary>
    Map,

    /// <summary>A list.</summary>
    Sequence,

    /// <summary>A reference to an anchored node.</summary>
    Alias,
}

/// <summary>How a node is written.</summary>
internal enum YamlStyle : byte
{
    /// <summary>A scalar without quotes; also the empty scalar.</summary>
    Plain,

    /// <summary>A scalar in single quotes.</summary>
    SingleQuoted,

    /// <summary>A scalar in double quotes.</summary>
    DoubleQuoted,

    /// <summary>A block scalar after <c>|</c>.</summary>
    Literal,

    /// <summary>A block scalar after <c>&gt;</c>.</summary>
    Folded,

    /// <summary>A collection by indentation.</summary>
    Block,

    /// <summary>A collection in brackets.</summary>
    Flow,
}

/// <summary>
/// A node of a YAML document that knows where it stands in the text it was read from, so that an edit replaces that
/// span and nothing else.
/// </summary>
internal sealed class YamlNode
{
    private string? _value;
    private Rare? _rare;

    public YamlNode(YamlKind kind, YamlStyle style, string? source, int start)
    {
        Kind = kind;
        Style = style;
        Source = source;
        Start = start;
        End = start;
        if (kind is YamlKind.Map or YamlKind.Sequence)
            Entries = [];
    }

    public YamlKind Kind { get; }

    public YamlStyle Style { get; set; }

    /// <summary>The text that the span counts in; null for a node that was made, not read.</summary>
    public string? Source { get; }

    public int Start { get; }

    public int End { get; set; }

    /// <summary>Where anchor and tag begin; <see cref="Start"/> without them.</summary>
    public int PropertiesStart
    {
        get => _rare is { PropertiesStart: >= 0 and var at } ? at : Start;
        set => Extra.PropertiesStart = value;
    }

    /// <summary>Column of the keys or dashes of a block collection; content indentation of a block scalar.</summary>
    public int Column { get; set; }

    public string? Anchor
    {
        get => _rare?.Anchor;
        set => Extra.Anchor = value;
    }

    public string? Tag
    {
        get => _rare?.Tag;
        set
        {
            if (value is not null || _rare is not null)
                Extra.Tag = value;
        }
    }

    /// <summary>The anchored node of an alias.</summary>
    public YamlNode? Target
    {
        get => _rare?.Target;
        init => Extra.Target = value;
    }

    public YamlNode? Parent { get; set; }

    /// <summary>Keys and values of a map, or items of a list (without keys).</summary>
    public List<YamlEntry>? Entries { get; }

    /// <summary>Entries that were read and then removed: their text has to go.</summary>
    public List<YamlEntry>? Removed => _rare?.Removed;

    /// <summary>This node or something in it differs from the text.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Text whatever it looks like: written so that it is read as text again.</summary>
    public bool IsText { get; init; }

    public bool IsNew => Source is null;

    public bool IsCollection => Entries is not null;

    // Few nodes have any of it: a configuration of ten megabytes is half a million nodes.
    private Rare Extra => _rare ??= new Rare();

    /// <summary>The text of a scalar, decoded when first asked for.</summary>
    public string Value => _value ??= Source is null ? string.Empty : YamlScalar.Decode(this);

    /// <summary>The node itself, or what an alias stands for.</summary>
    public YamlNode Resolved
    {
        get
        {
            YamlNode node = this;
            while (node.Kind == YamlKind.Alias)
                node = node.Target!;
            return node;
        }
    }

    public static YamlNode NewScalar(string value, YamlStyle style = YamlStyle.Plain, bool isText = false) =>
        new(YamlKind.Scalar, style, null, -1) { _value = value, IsText = isText };

    public static YamlNode NewMap(YamlStyle style = YamlStyle.Block) => new(YamlKind.Map, style, null, -1);

    public static YamlNode NewSequence(YamlStyle style = YamlStyle.Block) => new(YamlKind.Sequence, style, null, -1);

    /// <summary>As <see cref="GetText"/>, of what an alias stands for.</summary>
    public string? GetTextResolved(string key) => Resolved.GetText(key);

    public void SetDecoded(string value) => _value = value;

    /// <summary>The entry of a key, in this map itself (merge keys are not looked through).</summary>
    public YamlEntry? Find(string key)
    {
        if (Entries!.Count <= 16)
        {
            foreach (YamlEntry entry in Entries)
            {
                if (entry.Key!.Value == key)
                    return entry;
            }

            return null;
        }

        if (Extra.Index is not { } index)
        {
            Extra.Index = index = new Dictionary<string, YamlEntry>(Entries.Count, StringComparer.Ordinal);
            foreach (YamlEntry entry in Entries)
                index.TryAdd(entry.Key!.Value, entry);
        }

        return index.GetValueOrDefault(key);
    }

    /// <summary>The value of a key, aliases resolved; null when it is not there.</summary>
    public YamlNode? Get(string key) => Kind == YamlKind.Map ? Find(key)?.Value.Resolved : null;

    /// <summary>The text of a scalar value; null when it is not there or no scalar.</summary>
    public string? GetText(string key) => Get(key) is { Kind: YamlKind.Scalar } node ? node.Value : null;

    /// <summary>Adds an entry while reading: not a change.</summary>
    public void AddRead(YamlEntry entry)
    {
        Entries!.Add(entry);
        entry.Value.Parent = this;
    }

    /// <summary>Adds a new entry at the end or at a place.</summary>
    public YamlEntry Add(string? key, YamlNode value, int at = -1)
    {
        var entry = new YamlEntry(key is null ? null : NewScalar(key, isText: true), value, -1, -1, isNew: true);
        if (at < 0 || at >= Entries!.Count)
            Entries!.Add(entry);
        else
            Entries.Insert(at, entry);
        value.Parent = this;
        if (key is not null)
            _rare?.Index?.TryAdd(key, entry);
        MarkDirty();
        return entry;
    }

    public void Remove(YamlEntry entry)
    {
        if (!Entries!.Remove(entry))
            return;
        if (_rare is not null)
            _rare.Index = null;
        if (!entry.IsNew)
            (Extra.Removed ??= []).Add(entry);
        MarkDirty();
    }

    /// <summary>Puts another value into an entry of this node.</summary>
    public void Replace(YamlEntry entry, YamlNode value)
    {
        entry.Value = value;
        value.Parent = this;
        MarkDirty();
    }

    public void MarkDirty()
    {
        for (YamlNode? node = this; node is { IsDirty: false }; node = node.Parent)
            node.IsDirty = true;
    }

    private sealed class Rare
    {
        public int PropertiesStart { get; set; } = -1;

        public string? Anchor { get; set; }

        public string? Tag { get; set; }

        public YamlNode? Target { get; set; }

        public List<YamlEntry>? Removed { get; set; }

        public Dictionary<string, YamlEntry>? Index { get; set; }
    }
}

/// <summary>A key with its value, or an item of a list.</summary>
internal sealed class YamlEntry
{
    public YamlEntry(YamlNode? key, YamlNode value, int start, int separatorEnd, bool isNew = false)
    {
        Key = key;
        Value = value;
        Original = isNew ? null : value;
        Start = start;
        SeparatorEnd = separatorEnd;
    }

    public YamlNode? Key { get; }

    public YamlNode Value { get; set; }

    /// <summary>The value that the text has; null for a new entry.</summary>
    public YamlNode? Original { get; }

    /// <summary>Where the key, the <c>?</c> or the dash stands.</summary>
    public int Start { get; }

    /// <summary>The place after the colon or the dash; after the item itself in a flow list.</summary>
    public int SeparatorEnd { get; }

    public bool IsNew => Original is null;

    /// <summary>End of the text of the entry as it was read.</summary>
    public int End => Math.Max(SeparatorEnd, Original!.End);
}
