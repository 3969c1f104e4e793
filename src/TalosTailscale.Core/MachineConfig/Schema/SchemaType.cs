namespace TalosTailscale.Core.MachineConfig.Schema;

/// <summary>What Talos expects of a value.</summary>
internal enum SchemaKind : byte
{
    Any,
    Text,
    Format,
    Integer,
    Fraction,
    Boolean,
    Duration,
    TextOrNumber,
    Argument,
    List,
    Map,
    Struct,
}

/// <summary>When two entries of a list are the same one in union mode, beyond being equal.</summary>
internal enum UnionKey : byte
{
    None,

    /// <summary>Text up to the first <c>=</c>.</summary>
    Variable,

    /// <summary>Image reference without tag and digest.</summary>
    Image,
}

/// <summary>The type of a key, as one line of the schema says it.</summary>
internal sealed class SchemaType
{
    /// <summary>The type of what is not known: anything goes, maps merge, lists append.</summary>
    public static readonly SchemaType Free = new() { Kind = SchemaKind.Any };

    public required SchemaKind Kind { get; init; }

    /// <summary>Zero and empty win over a value.</summary>
    public bool IsPointer { get; init; }

    /// <summary>Replaced as a whole instead of merged.</summary>
    public bool IsReplaced { get; init; }

    /// <summary>The type of entries of a list or map.</summary>
    public SchemaType? Element { get; init; }

    /// <summary>The keys that say which entries of a list are the same, in the order in which they are looked at.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    public UnionKey Union { get; init; }

    /// <summary>What a single value must look like; null where anything goes.</summary>
    public ValueFormat? Format { get; init; }

    /// <summary>Keys and types of a struct.</summary>
    public SchemaStruct? Struct { get; init; }

    /// <summary>What to call it in a message.</summary>
    public string Description =>
        Format?.Description
        ?? Kind switch
        {
            SchemaKind.Integer => "an integer without quotes",
            SchemaKind.Fraction => "a number without quotes",
            SchemaKind.Boolean => "true or false without quotes",
            SchemaKind.List => "a list",
            SchemaKind.Map or SchemaKind.Struct => "a map",
            SchemaKind.Duration => "a duration such as 30s",
            SchemaKind.TextOrNumber => "text or a number",
            SchemaKind.Argument => "text or a list of texts",
            _ => "text",
        };
}

/// <summary>The keys of a struct of Talos.</summary>
internal sealed class SchemaStruct(string name)
{
    private readonly Dictionary<string, SchemaField> _fields = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    public IReadOnlyDictionary<string, SchemaField> Fields => _fields;

    public void Add(string key, SchemaField field) => _fields.Add(key, field);

    public SchemaField? Find(string key) => _fields.GetValueOrDefault(key);
}

/// <summary>A key of a struct.</summary>
/// <param name="Type">Its type.</param>
/// <param name="IsEmbedded">Comes from an embedded struct: <c>$patch: delete</c> does not find it.</param>
internal sealed record SchemaField(SchemaType Type, bool IsEmbedded);
