namespace TalosTailscale.Core.Inventory;

/// <summary>Where a value stands: line and column count from 1, start and end are offsets into the text.</summary>
internal readonly record struct YamlSpan(int Line, int Column, int Start, int End);

/// <summary>A value of a small YAML file, with where it stands.</summary>
internal abstract record YamlValue(YamlSpan Span)
{
    /// <summary>Its line, from 1.</summary>
    public int Line => Span.Line;

    /// <summary>Its column, from 1.</summary>
    public int Column => Span.Column;
}

/// <summary>A scalar. <paramref name="Plain"/> is true when it was written without quotes.</summary>
internal sealed record YamlScalar(string Text, bool Plain, YamlSpan Span) : YamlValue(Span)
{
    /// <summary>True for what YAML's core schema reads as null.</summary>
    public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list. <paramref name="Flow"/> is true for the form in brackets.</summary>
internal sealed record YamlSequence(IReadOnlyList<YamlValue> Items, bool Flow, YamlSpan Span) : YamlValue(Span);

/// <summary>A mapping, in the order of the file; keys are scalars and unique.</summary>
internal sealed record YamlMapping(IReadOnlyList<(YamlScalar Key, YamlValue Value)> Entries, YamlSpan Span)
    : YamlValue(Span)
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
