using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Takes the values out of a kubeconfig: by exact names, of the kinds that Kubernetes expects, whatever else is there left
/// alone. Paths become absolute from the file's own folder.
/// </summary>
internal sealed class KubeconfigReader
{
    private const string PluginExtension = "client.authentication.k8s.io/exec";

    private readonly string _source;
    private readonly string? _folder;

    private KubeconfigReader(string source, string? folder)
    {
        _source = source;
        _folder = folder;
    }

    /// <summary>Reads it; an empty text is an empty kubeconfig.</summary>
    /// <param name="bytes">The text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="folder">What paths are relative to; null for the current folder.</param>
    /// <exception cref="TsException">KubeconfigInvalid, which quotes nothing of the file, since it holds keys.</exception>
    internal static KubeconfigFile Read(ReadOnlyMemory<byte> bytes, string source, string? folder)
    {
        var reader = new KubeconfigReader(source, folder);
        try
        {
            return KubeconfigText.Read(bytes) switch
            {
                null => KubeconfigFile.Empty,
                JsonObject root => reader.File(root),
                _ => throw reader.Invalid("is a YAML text without keys, expected 'clusters', 'users' and 'contexts'"),
            };
        }
        catch (YamlException e)
        {
            throw reader.Invalid($"is not valid YAML at line {e.Start.Line}, column {e.Start.Column}");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // What YamlDotNet throws for tags that are no URI and from its scanner of plain scalars, without a place.
            throw reader.Invalid("is not valid YAML");
        }
    }

    private KubeconfigFile File(JsonObject root)
    {
        (string kind, string version) = (Text(root, "kind", "kind"), Text(root, "apiVersion", "apiVersion"));
        if (kind is not ("" or "Config") || version is not ("" or "v1"))
            throw Invalid($"is a '{kind}' of '{version}', expected a 'Config' of 'v1'");
        return new KubeconfigFile
        {
            CurrentContext = Text(root, "current-context", "current-context"),
            Clusters = Each(root, "clusters", "cluster", Cluster),
            Users = Each(root, "users", "user", User),
            Contexts = Each(root, "contexts", "context", (name, body, at) =>
                new KubeconfigContext(name, Text(body, "cluster", at), Text(body, "user", at))
            ),
        };
    }

    private T[] Each<T>(JsonObject root, string list, string member, Func<string, JsonObject, string, T> read)
    {
        var found = new Dictionary<string, T>(StringComparer.Ordinal);
        var items = Items(root, list, list);
        for (int i = 0; i < items.Count; i++)
        {
            string at = $"{list}[{i}]";
            JsonObject entry = Mapping(items[i], at) ?? [];
            string name = Text(entry, "name", at);
            if (!found.TryAdd(name, read(name, Mapping(entry[member], $"{at}.{member}") ?? [], $"{at}.{member}")))
                throw Invalid($"has two entries of the same name in '{list}', the second at '{at}'");
        }

        return [.. found.Values];
    }

    private KubeconfigCluster Cluster(string name, JsonObject body, string at) =>
        new(name)
        {
            Server = Text(body, "server", at),
            TlsServerName = Text(body, "tls-server-name", at),
            Insecure = Flag(body, "insecure-skip-tls-verify", at),
            AuthorityFile = Path(body, "certificate-authority", at),
            AuthorityData = Bytes(body, "certificate-authority-data", at),
            ProxyUrl = Text(body, "proxy-url", at),
            PluginConfig = Items(body, "extensions", at)
                .Select(one => Mapping(one, $"{at}.extensions"))
                .LastOrDefault(one => one is not null && Text(one, "name", at) == PluginExtension)
                ?["extension"],
        };

    private KubeconfigUser User(string name, JsonObject body, string at) =>
        new(name)
        {
            CertificateFile = Path(body, "client-certificate", at),
            CertificateData = Bytes(body, "client-certificate-data", at),
            KeyFile = Path(body, "client-key", at),
            KeyData = Bytes(body, "client-key-data", at),
            Token = Text(body, "token", at),
            TokenFile = Path(body, "tokenFile", at),
            Username = Text(body, "username", at),
            Password = Text(body, "password", at),
            As = new Impersonation(
                Text(body, "as", at),
                Text(body, "as-uid", at),
                Texts(body, "as-groups", at),
                Extra(Mapping(body["as-user-extra"], $"{at}.as-user-extra") ?? [], $"{at}.as-user-extra")
            ),
            AuthProvider = Mapping(body["auth-provider"], $"{at}.auth-provider") is { } provider
                ? new KubeconfigAuthProvider(
                    Text(provider, "name", $"{at}.auth-provider"),
                    TextsByName(provider, "config", $"{at}.auth-provider")
                )
                : null,
            Plugin = Mapping(body["exec"], $"{at}.exec") is { } plugin ? Plugin(plugin, $"{at}.exec") : null,
        };

    private KeyValuePair<string, IReadOnlyList<string>>[] Extra(JsonObject body, string at) =>
        [.. body.Select(one => KeyValuePair.Create(one.Key, Texts(body, one.Key, at)))];

    private KubeconfigPlugin Plugin(JsonObject body, string at)
    {
        string command = Text(body, "command", at);
        return new KubeconfigPlugin
        {
            // A name alone is looked for on the PATH; whatever has a folder in it is relative to the kubeconfig.
            Command = command.Contains(System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal)
                ? Absolute(command)
                : command,
            Arguments = Texts(body, "args", at),
            Environment =
            [
                .. Items(body, "env", at)
                    .Select(one => Mapping(one, $"{at}.env") ?? [])
                    .Select(one => KeyValuePair.Create(Text(one, "name", at), Text(one, "value", at))),
            ],
            ApiVersion = Text(body, "apiVersion", at),
            InstallHint = Text(body, "installHint", at),
            ProvideClusterInfo = Flag(body, "provideClusterInfo", at),
            InteractiveMode = Text(body, "interactiveMode", at),
        };
    }

    private string Path(JsonObject body, string key, string at) => Absolute(Text(body, key, at));

    private string Absolute(string path) =>
        path.Length == 0 || _folder is null ? path : System.IO.Path.GetFullPath(path, _folder);

    private string Text(JsonObject body, string key, string at) =>
        body[key] switch
        {
            null => "",
            JsonValue value when value.TryGetValue(out string? text) => text,
            var other => throw Wrong(other, $"{at}.{key}", "text"),
        };

    private bool Flag(JsonObject body, string key, string at) =>
        body[key] switch
        {
            null => false,
            JsonValue value when value.TryGetValue(out bool flag) => flag,
            var other => throw Wrong(other, $"{at}.{key}", "true or false"),
        };

    private byte[] Bytes(JsonObject body, string key, string at)
    {
        try
        {
            return Convert.FromBase64String(Text(body, key, at));
        }
        catch (FormatException)
        {
            throw Invalid($"has something else than base64 at '{at}.{key}'");
        }
    }

    private IReadOnlyList<string> Texts(JsonObject body, string key, string at)
    {
        var items = Items(body, key, at);
        return [.. items.Select(one => Text(new JsonObject { [key] = one?.DeepClone() }, key, at))];
    }

    private Dictionary<string, string> TextsByName(JsonObject body, string key, string at)
    {
        JsonObject values = Mapping(body[key], $"{at}.{key}") ?? [];
        return values.ToDictionary(one => one.Key, one => Text(values, one.Key, $"{at}.{key}"), StringComparer.Ordinal);
    }

    private JsonArray Items(JsonObject body, string key, string at) =>
        body[key] switch
        {
            null => [],
            JsonArray items => items,
            var other => throw Wrong(other, $"{at}.{key}", "a list"),
        };

    private JsonObject? Mapping(JsonNode? value, string at) =>
        value switch
        {
            null => null,
            JsonObject mapping => mapping,
            _ => throw Wrong(value, at, "keys with values"),
        };

    private TsException Wrong(JsonNode found, string at, string expected) =>
        Invalid(
            $"has {Kind(found.GetValueKind())} at '{at}', expected {expected}"
                + (expected == "text" ? "; put it in quotes" : "")
        );

    private static string Kind(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.Object => "keys with values",
            JsonValueKind.Array => "a list",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "a truth value",
            _ => "text",
        };

    private TsException Invalid(string what) =>
        KubernetesErrors.KubeconfigInvalid.New($"The kubeconfig '{_source}' {what}.", _source);
}
