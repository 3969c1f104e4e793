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
            _ = YamlReader.Read(config, "configuration", document => Collect(document.Root!, null, files, secrets));
        }
        catch (TsException)
        {
            // No YAML, no structure to look at: beyond what was found so far the patterns of the redactor remain.
        }

        return secrets;
    }

    private static void Collect(YamlNode node, string? key, bool files, HashSet<string> secrets)
    {
        if (node.Kind == YamlKind.Alias)
            return;
        if (node.Entries is not null)
        {
            foreach (YamlEntry entry in node.Entries)
                Collect(entry.Value, entry.Key?.Value ?? key, files, secrets);
            return;
        }

        string value = node.Value;
        if (key == "environment")
        {
            int equals = value.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && IsSecretName(value[..equals]) && !value.AsSpan(equals + 1).StartsWith("file:"))
                Add(value[(equals + 1)..], secrets);
        }
        else if (key is not null && (s_keys.Contains(key) || IsVariable(key) || (files && s_fileKeys.Contains(key))))
        {
            Add(value, secrets);
        }
    }

    // machine.env and the like: variables as keys.
    private static bool IsVariable(string key) => IsSecretName(key) && key.AsSpan().IndexOfAnyInRange('a', 'z') < 0;

    private static bool IsSecretName(string name) =>
        name.Contains("KEY", StringComparison.OrdinalIgnoreCase)
        || name.Contains("SECRET", StringComparison.OrdinalIgnoreCase)
        || name.Contains("TOKEN", StringComparison.OrdinalIgnoreCase)
        || name.Contains("PASS", StringComparison.OrdinalIgnoreCase);

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
