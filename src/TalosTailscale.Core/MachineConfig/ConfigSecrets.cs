using System.Text;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>The secrets of machine configurations: found by where they stand, whatever they look like.</summary>
public static class ConfigSecrets
{
    // Keys of Talos documents whose values are secret (the fields that Talos redacts, and environment variables below).
    private static readonly HashSet<string> s_keys = new(StringComparer.Ordinal)
    {
        "token",
        "key",
        "crt",
        "cert",
        "secret",
        "password",
        "passphrase",
        "auth",
        "identityToken",
        "aescbcEncryptionSecret",
        "secretboxEncryptionSecret",
        "clusterSecret",
        "apiToken",
        "privateKey",
        "presharedKey",
        "uniqueToken",
    };

    // What files hold: machine.files, EtcFileConfig, configFiles of ExtensionServiceConfig, inline manifests.
    private static readonly HashSet<string> s_fileKeys = new(StringComparer.Ordinal) { "content", "contents" };

    /// <summary>Masks a text in which parts of configurations appear (a diff, a message).</summary>
    /// <param name="text">The text.</param>
    /// <param name="configs">The configurations whose secrets must not be seen; those that are no YAML are skipped.</param>
    /// <returns>The text without secrets.</returns>
    public static string Mask(string text, params ReadOnlySpan<string> configs) => Mask(text, false, configs);

    /// <summary>Masks a text of somebody else's making, which may show what is in the files of a configuration as well.</summary>
    /// <param name="text">The text.</param>
    /// <param name="configs">The configurations whose secrets and file contents must not be seen.</param>
    /// <returns>The text without them.</returns>
    public static string MaskWithFiles(string text, params ReadOnlySpan<string> configs) => Mask(text, true, configs);

    private static string Mask(string text, bool files, ReadOnlySpan<string> configs)
    {
        ArgumentNullException.ThrowIfNull(text);
        var secrets = new SecretSet();
        foreach (string config in configs)
        {
            foreach (string secret in Find(config, files))
                secrets.Add(secret);
        }

        return Redactor.Mask(secrets.Mask(text, Redactor.Masked));
    }

    /// <summary>Makes the secrets of a configuration known to the redactor for the rest of the session.</summary>
    /// <param name="config">The configuration.</param>
    public static void Register(string config)
    {
        foreach (string secret in Find(config))
            Redactor.Register(secret);
    }

    /// <summary>The secret values of a configuration, each line of those of several lines.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="files">Whether the contents of files count as well.</param>
    internal static IReadOnlyCollection<string> Find(string config, bool files = false)
    {
        var secrets = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            _ = YamlReader.Read(config, "configuration", document => Walk(document.Root!, null, files, Take));
        }
        catch (TsException)
        {
            // No YAML, no structure to look at: beyond what was found so far the patterns of the redactor remain.
        }

        return secrets;

        void Take(YamlNode node, int skip) => Add(node.Value[skip..], secrets);
    }

    /// <summary>
    /// The configuration with <c>***</c> wherever a secret stands, and in place of each line of a file's content: line for
    /// line the same otherwise. Of the manifests only the data of Secrets goes. No YAML is returned as it is.
    /// </summary>
    /// <param name="config">The configuration.</param>
    internal static string Hide(string config)
    {
        var places = new List<(int Start, int End)>();
        try
        {
            _ = YamlReader.Read(config, "configuration", document => Walk(document.Root!, null, true, Take));
        }
        catch (TsException)
        {
            return config;
        }

        return places.Count == 0 ? config : Cover(config, places);

        void Take(YamlNode node, int skip)
        {
            if (node.Style is YamlStyle.Literal && IsManifest(node))
            {
                places.AddRange(ManifestSecrets(node));
                return;
            }

            int start = node.Start;
            // Of NAME=value the name stays to be seen; of a block its first line, which is the indicator.
            if (skip > 0)
                start = config.IndexOf('=', start, node.End - start) + 1;
            else if (node.Style is YamlStyle.Literal or YamlStyle.Folded)
                start = config.IndexOf('\n', start, node.End - start) + 1;
            if (start > 0)
                places.Add((start, node.End));
        }
    }

    // Calls for each secret value, with the number of characters before it in its scalar (the name of a variable).
    private static void Walk(YamlNode node, string? key, bool files, Action<YamlNode, int> take)
    {
        if (node.Kind == YamlKind.Alias)
            return;
        if (node.Entries is not null)
        {
            bool arguments = key is "extraArgs" or "headers";
            foreach (YamlEntry entry in node.Entries)
            {
                string? name = entry.Key?.Value ?? key;
                if (arguments && entry.Key is not null && IsSecretArgument(key!, name!))
                    TakeAll(entry.Value, take);
                else
                    Walk(entry.Value, name, files, take);
            }

            return;
        }

        string value = node.Value;
        if (key == "environment")
        {
            int equals = value.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && IsSecretName(value[..equals]) && !value.AsSpan(equals + 1).StartsWith("file:"))
                take(node, equals + 1);
        }
        else if (key is not null && (s_keys.Contains(key) || IsVariable(key) || (files && s_fileKeys.Contains(key))))
        {
            take(node, 0);
        }
    }

    private static void TakeAll(YamlNode node, Action<YamlNode, int> take)
    {
        if (node.Entries is null)
        {
            if (node.Kind == YamlKind.Scalar)
                take(node, 0);
            return;
        }

        foreach (YamlEntry entry in node.Entries)
            TakeAll(entry.Value, take);
    }

    // Arguments of Kubernetes' programs whose value is a secret, not the file that holds one; any header may be one.
    private static bool IsSecretArgument(string parent, string name) =>
        parent == "headers" || (IsSecretName(name) && !name.EndsWith("-file", StringComparison.Ordinal));

    private static bool IsManifest(YamlNode node)
    {
        for (YamlNode? above = node.Parent; above is not null; above = above.Parent)
        {
            if (above.Parent is { Kind: YamlKind.Map } map && map.Find("inlineManifests")?.Value == above)
                return true;
        }

        return false;
    }

    // A block keeps the lines of the manifest as they are, indented: a place in it is a place in the configuration.
    private static IEnumerable<(int Start, int End)> ManifestSecrets(YamlNode block)
    {
        string config = block.Source!;
        int body = config.IndexOf('\n', block.Start, block.End - block.Start) + 1;
        var places = new List<(int Start, int End)>();
        if (body == 0)
            return places;
        try
        {
            _ = YamlReader.Read(config[body..block.End], "manifest", document => Look(document.Root!));
        }
        catch (TsException)
        {
            places.Add((body, block.End));
        }

        return places;

        void Look(YamlNode root)
        {
            if (root.GetText("kind") != "Secret")
                return;
            foreach (string name in (string[])["data", "stringData"])
            {
                if (root.Get(name) is { } data)
                    TakeAll(data, Take);
            }
        }

        void Take(YamlNode value, int skip)
        {
            int start = value.Start;
            if (value.Style is YamlStyle.Literal or YamlStyle.Folded)
                start = value.Source!.IndexOf('\n', start, value.End - start) + 1;
            if (start > 0)
                places.Add((body + start, body + value.End));
        }
    }

    // Every line of a place keeps its indentation and its end; what is between becomes the mask.
    private static string Cover(string config, List<(int Start, int End)> places)
    {
        places.Sort();
        var shown = new StringBuilder(config.Length);
        int at = 0;
        foreach ((int start, int end) in places)
        {
            if (start < at)
                continue;
            shown.Append(config, at, start - at);
            at = start;
            while (at < end)
            {
                int line = config.IndexOf('\n', at, end - at) is >= 0 and var found ? found : end;
                ReadOnlySpan<char> text = config.AsSpan(at, line - at);
                ReadOnlySpan<char> rest = text.TrimStart(' ');
                shown.Append(text[..(text.Length - rest.Length)]);
                if (rest.Trim().Length > 0)
                    shown.Append(Redactor.Masked);
                if (rest.EndsWith("\r"))
                    shown.Append('\r');
                at = line;
                if (at < end)
                    shown.Append(config[at++]);
            }
        }

        return shown.Append(config, at, config.Length - at).ToString();
    }

    // machine.env and the like: variables as keys.
    private static bool IsVariable(string key) => IsSecretName(key) && key.AsSpan().IndexOfAnyInRange('a', 'z') < 0;

    private static bool IsSecretName(string name) =>
        name.Contains("KEY", StringComparison.OrdinalIgnoreCase)
        || name.Contains("SECRET", StringComparison.OrdinalIgnoreCase)
        || name.Contains("TOKEN", StringComparison.OrdinalIgnoreCase)
        || name.Contains("PASS", StringComparison.OrdinalIgnoreCase)
        || name.Contains("CREDENTIAL", StringComparison.OrdinalIgnoreCase)
        || name.Split('_', '-').Contains("PAT", StringComparer.OrdinalIgnoreCase);

    private static void Add(string value, HashSet<string> secrets)
    {
        foreach (
            string line in value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        )
        {
            if (line.Length >= 6 && !line.StartsWith("-----", StringComparison.Ordinal))
                secrets.Add(line);
        }
    }
}
