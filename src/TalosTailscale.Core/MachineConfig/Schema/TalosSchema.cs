using System.Reflection;

namespace TalosTailscale.Core.MachineConfig.Schema;

/// <summary>
/// The known documents of Talos. Read once from <c>talos-schema.txt</c>, which is the one place where types, keyed lists
/// and replaced lists are written down.
/// </summary>
internal sealed class TalosSchema
{
    private static readonly Lazy<TalosSchema> s_instance = new(Load);

    // siderolabs/talos pkg/machinery/config/types/network: a name can be a link of one kind only.
    private static readonly string[] s_links =
    [
        "BondConfig",
        "BridgeConfig",
        "DummyLinkConfig",
        "LinkConfig",
        "VLANConfig",
        "WireguardConfig",
        "VethConfig",
        "VRFConfig",
    ];

    private readonly Dictionary<string, SchemaType> _kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Version> _since = new(StringComparer.Ordinal);
    private readonly HashSet<string> _controlPlane = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SchemaStruct> _structs = new(StringComparer.Ordinal);

    private TalosSchema() { }

    /// <summary>The schema.</summary>
    public static TalosSchema Instance => s_instance.Value;

    /// <summary>The names of all kinds, the main document not among them.</summary>
    public IEnumerable<string> Kinds => _kinds.Keys.Where(kind => kind != "v1alpha1");

    /// <summary>The type of a document; null for a kind that is not known.</summary>
    /// <param name="kind">The kind; empty for the main document.</param>
    public SchemaType? Document(string kind) => _kinds.GetValueOrDefault(kind.Length == 0 ? "v1alpha1" : kind);

    /// <summary>
    /// The first Talos that has a kind; null for those of 1.12 and before, and for a kind that is not known.
    /// </summary>
    public Version? Since(string kind) => _since.GetValueOrDefault(kind);

    /// <summary>Documents of this kind are refused on a worker.</summary>
    public bool IsControlPlaneOnly(string kind) => _controlPlane.Contains(kind);

    /// <summary>Documents of this kind are told apart by name.</summary>
    public bool IsNamed(string kind) => Document(kind)?.Struct?.Find("name") is not null;

    /// <summary>The kinds of which no document may have the name of one of this kind.</summary>
    public static IEnumerable<string> ConflictsOf(string kind) =>
        kind switch
        {
            "UserVolumeConfig" => ["ExistingVolumeConfig"],
            "ExistingVolumeConfig" => ["UserVolumeConfig"],
            "HCloudVIPConfig" => ["Layer2VIPConfig"],
            "Layer2VIPConfig" => ["HCloudVIPConfig"],
            _ => Array.IndexOf(s_links, kind) >= 0 ? s_links.Where(other => other != kind) : [],
        };

    private static TalosSchema Load()
    {
        var schema = new TalosSchema();
        const string name = "TalosTailscale.Core.MachineConfig.Schema.talos-schema.txt";
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource '{name}' is missing from the assembly.");
        using var reader = new StreamReader(stream);
        SchemaStruct? current = null;
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (line[0] != ' ' && parts.Length >= 3)
                schema.AddKind(parts);
            else if (line[0] != ' ')
                current = schema.Struct(parts[0]);
            else
                current!.Add(parts[0].TrimStart('^'), new SchemaField(schema.Parse(parts[1]), parts[0][0] == '^'));
        }

        return schema;
    }

    private void AddKind(string[] parts)
    {
        _kinds.Add(parts[0], Parse(parts[2]));
        if (parts.Length > 3)
            _since.Add(parts[0], new Version(parts[3] + ".0"));
        if (parts is [.., "controlplane"])
            _controlPlane.Add(parts[0]);
    }

    private SchemaStruct Struct(string name)
    {
        if (!_structs.TryGetValue(name, out SchemaStruct? found))
            _structs.Add(name, found = new SchemaStruct(name));
        return found;
    }

    private SchemaType Parse(string text)
    {
        int slash = text.LastIndexOf('/');
        UnionKey union = slash < 0 ? UnionKey.None : Enum.Parse<UnionKey>(text[(slash + 1)..], ignoreCase: true);
        if (slash >= 0)
            text = text[..slash];
        bool replaced = text[0] == '=';
        if (replaced)
            text = text[1..];
        bool pointer = text[0] == '*';
        if (pointer)
            text = text[1..];
        return text[0] switch
        {
            '[' => ParseList(text[1..^1], replaced, union),
            '{' => new SchemaType
            {
                Kind = SchemaKind.Map,
                Element = Parse(text[1..^1]),
                IsReplaced = replaced,
            },
            _ => ParseName(text, pointer, replaced),
        };
    }

    private SchemaType ParseList(string text, bool replaced, UnionKey union)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string[] keys = colon < 0 ? [] : text[..colon].Split('|');
        SchemaType element = Parse(text[(colon + 1)..]);
        return new SchemaType
        {
            Kind = SchemaKind.List,
            Element = element,
            IsReplaced = replaced,
            Keys = keys,
            Union = union,
        };
    }

    private SchemaType ParseName(string text, bool pointer, bool replaced)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        bool formatted = dot == 1 && text[0] is 't' or 'i' or 'p';
        ValueFormat? format = formatted ? ValueFormat.Parse(text[(dot + 1)..]) : null;
        SchemaKind kind = (formatted ? text[..dot] : text) switch
        {
            "s" => SchemaKind.Text,
            "t" => SchemaKind.Format,
            "i" => SchemaKind.Integer,
            "f" => SchemaKind.Fraction,
            "b" => SchemaKind.Boolean,
            "d" => SchemaKind.Duration,
            "p" => SchemaKind.TextOrNumber,
            "a" => SchemaKind.Argument,
            "any" => SchemaKind.Any,
            _ => SchemaKind.Struct,
        };
        SchemaStruct? fields = kind == SchemaKind.Struct ? Struct(text) : null;
        return new SchemaType
        {
            Kind = kind,
            IsPointer = pointer,
            IsReplaced = replaced,
            Struct = fields,
            Format = format,
        };
    }
}
