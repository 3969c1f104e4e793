namespace TalosTailscale.Core.Boot;

/// <summary>Lines of key and value as systemd-boot reads os-release, .profile and loader.conf (<c>line_get_key_value</c>).</summary>
internal static class KeyValueLines
{
    /// <summary>Yields each pair; lines without a separator are passed over, one pair of double quotes is taken off.</summary>
    internal static IEnumerable<(string Key, string Value)> Parse(string? text, string separators)
    {
        if (text is null)
            yield break;
        int end = text.IndexOf('\0', StringComparison.Ordinal);
        if (end >= 0)
            text = text[..end];
        foreach (string raw in text.Split('\n', '\r'))
        {
            string line = raw.Trim(' ', '\t');
            if (line.Length == 0 || line[0] == '#')
                continue;
            int split = line.IndexOfAny(separators.ToCharArray());
            if (split < 0)
                continue;
            string value = line[split..].TrimStart(separators.ToCharArray());
            if (value.Length > 1 && value[0] is ('"' or '\'') && value[^1] == value[0])
                value = value[1..^1];
            yield return (line[..split], value);
        }
    }
}
