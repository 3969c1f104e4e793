using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Validation;

/// <summary>Reads values of a configuration for the checks; absent is null or empty, never an error.</summary>
internal sealed class ConfigView(ConfigTree tree)
{
    private readonly YamlNode? _main = tree.Find(new DocumentId(string.Empty, string.Empty, string.Empty))?.Root;

    /// <summary>Reads a configuration; null where the text is none.</summary>
    public static ConfigView? TryRead(string text)
    {
        try
        {
            return new ConfigView(ConfigTree.Read(text, "machine configuration"));
        }
        catch (TsException e) when (e.Error.Category == TsErrorCategory.InvalidData)
        {
            return null;
        }
    }

    /// <summary>The main document; null when there is none.</summary>
    public YamlNode? Main => _main;

    /// <summary>The node is a control plane one.</summary>
    public bool IsControlPlane => Text("machine", "type") is "controlplane" or "init";

    /// <summary>The documents, the main one not among them.</summary>
    public IEnumerable<(string Kind, YamlNode Root)> Others =>
        tree.Documents.Where(item => item.Id.Kind.Length > 0).Select(item => (item.Id.Kind, item.Document.Root!));

    /// <summary>The documents of a kind.</summary>
    public IEnumerable<YamlNode> Kind(string kind) =>
        tree.Documents.Where(item => item.Id.Kind == kind).Select(item => item.Document.Root!);

    /// <summary>A value of the main document.</summary>
    public YamlNode? Find(params ReadOnlySpan<string> path)
    {
        YamlNode? node = _main;
        foreach (string key in path)
            node = node?.Get(key);
        return node is { Kind: YamlKind.Scalar } && YamlScalar.TypeOf(node) == ScalarType.Null ? null : node;
    }

    /// <summary>A value of the main document, by keys with dots between.</summary>
    public YamlNode? At(string path) => _main is null ? null : At(_main, path);

    /// <summary>A value below a node, by keys with dots between; null when not there or null.</summary>
    public static YamlNode? At(YamlNode root, string path)
    {
        YamlNode? node = root.Resolved;
        foreach (string key in path.Split('.'))
            node = node?.Get(key);
        return node is { Kind: YamlKind.Scalar } && YamlScalar.TypeOf(node) == ScalarType.Null ? null : node;
    }

    /// <summary>A text of the main document.</summary>
    public string? Text(params ReadOnlySpan<string> path) =>
        Find(path) is { Kind: YamlKind.Scalar } node ? node.Value : null;

    /// <summary>A list of texts of the main document.</summary>
    public IReadOnlyList<string> Texts(params ReadOnlySpan<string> path) => TextsOf(Find(path));

    /// <summary>The texts of a list.</summary>
    public static IReadOnlyList<string> TextsOf(YamlNode? list) =>
        list is not { Kind: YamlKind.Sequence }
            ? []
            :
            [
                .. list.Entries!.Select(entry => entry.Value.Resolved)
                    .Where(item => item.Kind == YamlKind.Scalar)
                    .Select(item => item.Value),
            ];

    /// <summary>The resolvers in force, in the form that the configuration has.</summary>
    public IReadOnlyList<string> Nameservers() => ConfigForms.Texts(this, ConfigForms.Nameservers);

    /// <summary>The settings of the tailscale extension, <c>NAME=value</c>; null when it has no document.</summary>
    public IReadOnlyList<string>? TailscaleEntries() =>
        Kind("ExtensionServiceConfig").FirstOrDefault(root => root.GetText("name") == "tailscale") is { } document
            ? TextsOf(document.Get("environment"))
            : null;

    /// <summary>The environment of the tailscale extension; null when it has no document.</summary>
    public Dictionary<string, string>? TailscaleEnvironment()
    {
        if (TailscaleEntries() is not { } entries)
            return null;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in entries)
        {
            string name = ListMerger.VariableName(line);

            // containerd takes the last one of a name.
            environment[name] = line.Length > name.Length ? line[(name.Length + 1)..] : string.Empty;
        }

        return environment;
    }
}
