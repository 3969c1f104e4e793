namespace TalosTailscale.Core.Inventory;

/// <summary>A value of a small YAML file, with where it stands; lines and columns count from 1.</summary>
internal abstract record YamlValue(int Line, int Column);

/// <summary>A scalar. <paramref name="Plain"/> is true when it was written without quotes.</summary>
internal sealed record YamlScalar(string Text, bool Plain, int Line, int Column) : YamlValue(Line, Column)
{
    /// <summary>True for what YAML's core schema reads as null.</summary>
    public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list.</summary>
internal sealed record YamlSequence(IReadOnlyList<YamlValue> Items, int Line, int Column) : YamlValue(Line, Column);

/// <summary>A mapping, in the order of the file; keys are scalars and unique.</summary>
internal sealed record YamlMapping(
    IReadOnlyList<(YamlScalar Key, YamlValue Value)> Entries, int Line, int Column) : YamlValue(Line, Column)
{
    /// <summary>The value of a key, or null.</summary>
    public YamlValue? this[string key]
    {
        get
        {
            foreach (var (name, value) in Entries)
                if (string.Equals(name.Text, key, StringComparison.Ordinal))
                    return value;
            return null;
        }
    }
}
