namespace TalosTailscale.Core.MachineConfig;

/// <summary>A patch: configuration documents with the keys to change, or a list of JSON6902 operations, in YAML or JSON.</summary>
public sealed class ConfigPatch
{
    /// <summary>A patch from text.</summary>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="name">What to call it in messages: a file name, or where it came from.</param>
    public ConfigPatch(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentException.ThrowIfNullOrEmpty(name);
        Text = text;
        Name = name;
    }

    /// <summary>The text. May hold secrets.</summary>
    public string Text { get; }

    /// <summary>The name for messages.</summary>
    public string Name { get; }

    /// <summary>Reads a patch from a file.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The patch, named after the file.</returns>
    public static async Task<ConfigPatch> LoadAsync(string path, CancellationToken cancellationToken)
    {
        byte[] bytes = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        string name = Path.GetFileName(path);
        return new ConfigPatch(ConfigText.Decode(bytes, name), name);
    }

    /// <summary>The name; never the text.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;
}
