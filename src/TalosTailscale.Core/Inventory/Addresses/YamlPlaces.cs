using System.Globalization;

namespace TalosTailscale.Core.Inventory;

/// <summary>Where an offset of a YAML text stands: which document, and the path of keys to it.</summary>
/// <param name="Kind">The <c>kind</c> of the document; empty where it has none.</param>
/// <param name="Key">The path of keys (<c>machine.certSANs[0]</c>); empty for comments.</param>
public readonly record struct YamlPlace(string Kind, string Key);

/// <summary>Finds the keys that offsets of a YAML text belong to.</summary>
public sealed class YamlPlaces
{
    private readonly IReadOnlyList<YamlValue> _documents;

    private YamlPlaces(IReadOnlyList<YamlValue> documents) => _documents = documents;

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <returns>The places; null where it is no YAML of the strict kind.</returns>
    public static YamlPlaces? TryRead(string text, string name)
    {
        try
        {
            return new YamlPlaces(StrictYaml.Parse(text, name));
        }
        catch (TsException e) when (e.Error == InventoryErrors.YamlMalformed)
        {
            // Without structure there are still lines and columns.
            return null;
        }
    }

    /// <summary>The place of an offset.</summary>
    /// <param name="offset">The offset in characters.</param>
    /// <returns>Document and path.</returns>
    public YamlPlace At(int offset)
    {
        foreach (YamlValue document in _documents)
            if (Key(document, offset, "") is { } key)
                return new YamlPlace(((document as YamlMapping)?["kind"] as YamlScalar)?.Text ?? "", key);
        return new YamlPlace("", "");
    }

    /// <summary>The texts of a list in the document without a kind.</summary>
    /// <param name="path">The keys to it.</param>
    /// <returns>The texts; none where there is no such list.</returns>
    public IReadOnlyList<string> Texts(params string[] path)
    {
        ArgumentNullException.ThrowIfNull(path);
        YamlValue? at = _documents.OfType<YamlMapping>().FirstOrDefault(document => document["kind"] is null);
        foreach (string key in path)
            at = (at as YamlMapping)?[key];
        return [.. (at as YamlSequence)?.Items.OfType<YamlScalar>().Select(one => one.Text) ?? []];
    }

    /// <summary>The spans of those parts of a talosconfig or kubeconfig that are of other clusters than the one at hand.</summary>
    /// <param name="isForeign">Whether an entry is of another cluster, by its name and its authority, base64, where it has one.</param>
    /// <returns>Start and end of each.</returns>
    internal IReadOnlyList<(int Start, int End)> Foreign(Func<string, string?, bool> isForeign)
    {
        if (_documents is not [YamlMapping root])
            return [];
        var found = new List<(int, int)>();
        foreach ((YamlScalar name, YamlValue value) in (root["contexts"] as YamlMapping)?.Entries ?? [])
            Judge(name.Text, (value as YamlMapping)?["ca"], value);
        foreach (YamlMapping entry in (root["clusters"] as YamlSequence)?.Items.OfType<YamlMapping>() ?? [])
            Judge(
                (entry["name"] as YamlScalar)?.Text ?? "",
                (entry["cluster"] as YamlMapping)?["certificate-authority-data"],
                entry
            );
        return found;

        void Judge(string name, YamlValue? ca, YamlValue whole)
        {
            if (isForeign(name, (ca as YamlScalar)?.Text))
                found.Add((whole.Span.Start, whole.Span.End));
        }
    }

    private static string? Key(YamlValue value, int offset, string path)
    {
        if (offset < value.Span.Start || offset >= value.Span.End)
            return null;
        switch (value)
        {
            case YamlMapping mapping:
                foreach ((YamlScalar name, YamlValue child) in mapping.Entries)
                {
                    string below = path.Length == 0 ? name.Text : $"{path}.{name.Text}";
                    if (Key(child, offset, below) is { } key)
                        return key;
                    if (offset >= name.Span.Start && offset < name.Span.End)
                        return below;
                }

                return null;
            case YamlSequence sequence:
                for (int i = 0; i < sequence.Items.Count; i++)
                    if (
                        Key(sequence.Items[i], offset, path + string.Create(CultureInfo.InvariantCulture, $"[{i}]")) is
                        { } key
                    )
                        return key;
                return null;
            default:
                return path;
        }
    }
}
