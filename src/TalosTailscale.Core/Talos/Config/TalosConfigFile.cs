using System.Text;
using TalosTailscale.Core.Inventory;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Core.Talos;

/// <summary>A talosconfig: named contexts, one of them current. Only read, never written.</summary>
/// <remarks>Format: siderolabs/talos pkg/machinery/client/config/config.go. Keys that are not known are ignored, as there.</remarks>
public sealed class TalosConfigFile
{
    private const int MaxBytes = 16 << 20;

    private TalosConfigFile(string? path, string? current, IReadOnlyDictionary<string, TalosConfigContext> contexts)
    {
        Path = path;
        CurrentContext = current;
        Contexts = contexts;
    }

    /// <summary>The file; null when parsed from text.</summary>
    public string? Path { get; }

    /// <summary>The name of the current context; null when the file names none.</summary>
    public string? CurrentContext { get; }

    /// <summary>The contexts by name.</summary>
    public IReadOnlyDictionary<string, TalosConfigContext> Contexts { get; }

    /// <summary>Reads a talosconfig.</summary>
    /// <param name="path">
    /// The file; null for the first that exists of <c>$TALOSCONFIG</c>, <c>$TALOS_HOME/config</c> or
    /// <c>~/.talos/config</c>, and <c>/var/run/secrets/talos.dev/config</c>.
    /// </param>
    /// <returns>The contexts.</returns>
    /// <exception cref="TsException">
    /// <see cref="TalosErrors.TalosConfigNotFound"/> or <see cref="TalosErrors.TalosConfigInvalid"/>.
    /// </exception>
    public static TalosConfigFile Load(string? path = null)
    {
        string found = TalosConfigPath.Find(
            path,
            Environment.GetEnvironmentVariable,
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)
        );
        try
        {
            if (new FileInfo(found).Length > MaxBytes)
                throw TalosErrors.TalosConfigInvalid.New($"The talosconfig '{found}' is larger than 16 MiB.", found);
            return Parse(File.ReadAllText(found, Encoding.UTF8), found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TalosErrors.TalosConfigNotFound.New(
                $"The talosconfig '{found}' cannot be read: {e.Message}",
                found,
                e
            );
        }
    }

    /// <summary>Reads a talosconfig from its text.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="path">The name of the file for messages.</param>
    /// <returns>The contexts.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosConfigInvalid"/>.</exception>
    public static TalosConfigFile Parse(string text, string? path = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var contexts = new Dictionary<string, TalosConfigContext>(StringComparer.Ordinal);
        YamlMappingNode? root = ReadRoot(text, path);
        if (root is null)
            throw TalosErrors.TalosConfigInvalid.New($"The talosconfig '{path}' is empty.", path);
        RefuseOther(root, path);
        foreach ((string name, YamlNode node) in Entries(Mapping(root, "contexts", "contexts", path)))
        {
            YamlMappingNode body = node as YamlMappingNode ?? throw Invalid(path, $"contexts.{name}", "a mapping");
            contexts[name] = ReadContext(name, body, path);
        }

        return new TalosConfigFile(path, Scalar(root, "context", "context", path), contexts);
    }

    /// <summary>A context by name.</summary>
    /// <param name="name">Its name; null for the current one.</param>
    /// <returns>The context.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosContextNotFound"/>.</exception>
    public TalosConfigContext Context(string? name = null)
    {
        string? wanted = string.IsNullOrEmpty(name) ? CurrentContext : name;
        string known = Contexts.Count == 0 ? "it has none" : $"it has '{string.Join("', '", Contexts.Keys)}'";
        if (wanted is null)
        {
            throw TalosErrors.TalosContextNotFound.New(
                $"The talosconfig '{Path}' has no current context and none was given; {known}.",
                Path
            );
        }

        return Contexts.TryGetValue(wanted, out TalosConfigContext? found)
            ? found
            : throw TalosErrors.TalosContextNotFound.New(
                $"The talosconfig '{Path}' has no context '{wanted}'; {known}.",
                wanted
            );
    }

    private static YamlMappingNode? ReadRoot(string text, string? path)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(BoundedYaml.Of(text));
        }
        catch (YamlException e)
        {
            // The inner message may quote the line, which may hold the key.
            throw TalosErrors.TalosConfigInvalid.New(
                LineWithTab(text) is { } line
                    ? $"The talosconfig '{path}' is not YAML at line {line}: it is indented by a tab; blanks were expected."
                    : $"The talosconfig '{path}' is not YAML at line {e.Start.Line}, column {e.Start.Column}.",
                path
            );
        }

        if (stream.Documents.Count == 0)
            return null;
        return stream.Documents[0].RootNode switch
        {
            YamlMappingNode mapping => mapping,
            YamlScalarNode scalar when string.IsNullOrEmpty(scalar.Value) => null,
            _ => throw Invalid(path, "the top level", "a mapping"),
        };
    }

    // YAML's scanner tells the start of the value that a tab ends, which may be lines before it.
    private static int? LineWithTab(string text)
    {
        int line = 0;
        foreach (ReadOnlySpan<char> one in text.AsSpan().EnumerateLines())
        {
            line++;
            if (one[..(one.Length - one.TrimStart().Length)].Contains('\t'))
                return line;
        }

        return null;
    }

    private static void RefuseOther(YamlMappingNode root, string? path)
    {
        if (root.Children.ContainsKey(new YamlScalarNode("contexts")) && Child(root, "contexts") is YamlSequenceNode)
            throw TalosErrors.TalosConfigInvalid.New(
                $"'{path}' is a kubeconfig; a talosconfig was expected.",
                path,
                recommendedAction: "Give the talosconfig with -TalosConfig, and this file with -KubeConfig."
            );
        if (Child(root, "machine") is not null || Child(root, "cluster") is YamlMappingNode)
            throw TalosErrors.TalosConfigInvalid.New(
                $"'{path}' is the machine configuration of a node; a talosconfig was expected.",
                path,
                recommendedAction: "Give the file that 'talosctl gen config' wrote beside it as talosconfig."
            );
    }

    private static TalosConfigContext ReadContext(string name, YamlMappingNode body, string? path)
    {
        string at = $"contexts.{name}";
        var endpoints = new List<string>(Strings(body, "endpoints", at, path));
        if (Scalar(body, "target", $"{at}.target", path) is { Length: > 0 } target)
            endpoints.Add(target);
        return new TalosConfigContext(name, path)
        {
            Endpoints = endpoints,
            Nodes = Strings(body, "nodes", at, path),
            Cluster = Text(body, "cluster", at, path),
            Ca = Text(body, "ca", at, path),
            Certificate = Text(body, "crt", at, path),
            Key = Text(body, "key", at, path),
            BasicAuthorization = ReadBasic(body, at, path),
            IsOmni =
                Mapping(body, "auth", $"{at}.auth", path) is { } auth && Child(auth, "siderov1") is YamlMappingNode,
        };
    }

    private static string? ReadBasic(YamlMappingNode body, string at, string? path)
    {
        if (Mapping(body, "auth", $"{at}.auth", path) is not { } auth)
            return null;
        if (Mapping(auth, "basic", $"{at}.auth.basic", path) is not { } basic)
            return null;
        string user = Text(basic, "username", $"{at}.auth.basic", path) ?? "";
        string password = Text(basic, "password", $"{at}.auth.basic", path) ?? "";
        return "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
    }

    private static IEnumerable<(string Name, YamlNode Node)> Entries(YamlMappingNode? mapping) =>
        mapping
            ?.Children.Where(pair => pair.Key is YamlScalarNode { Value.Length: > 0 })
            .Select(pair => (((YamlScalarNode)pair.Key).Value!, pair.Value))
        ?? [];

    private static string? Text(YamlMappingNode parent, string key, string at, string? path) =>
        Scalar(parent, key, $"{at}.{key}", path) is { Length: > 0 } value ? value : null;

    private static string? Scalar(YamlMappingNode parent, string key, string at, string? path) =>
        Child(parent, key) switch
        {
            null => null,
            YamlScalarNode scalar => IsNull(scalar) ? null : scalar.Value,
            _ => throw Invalid(path, at, "a text"),
        };

    private static YamlMappingNode? Mapping(YamlMappingNode parent, string key, string at, string? path) =>
        Child(parent, key) switch
        {
            null => null,
            YamlMappingNode mapping => mapping,
            YamlScalarNode scalar when IsNull(scalar) => null,
            _ => throw Invalid(path, at, "a mapping"),
        };

    private static List<string> Strings(YamlMappingNode parent, string key, string at, string? path) =>
        Child(parent, key) switch
        {
            null => [],
            YamlScalarNode scalar when IsNull(scalar) => [],
            YamlSequenceNode list =>
            [
                // Empty entries are what tools leave behind, and name nobody.
                .. list.Select(item =>
                        item is YamlScalarNode text
                            ? text.Value ?? ""
                            : throw Invalid(path, $"{at}.{key}", "a list of texts")
                    )
                    .Where(item => item.Length > 0),
            ],
            _ => throw Invalid(path, $"{at}.{key}", "a list of texts"),
        };

    private static YamlNode? Child(YamlMappingNode parent, string key) =>
        parent.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node) ? node : null;

    private static bool IsNull(YamlScalarNode scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is null or "" or "~" or "null";

    private static TsException Invalid(string? path, string at, string expected) =>
        TalosErrors.TalosConfigInvalid.New($"In the talosconfig '{path}', '{at}' is not {expected}.", path);
}
