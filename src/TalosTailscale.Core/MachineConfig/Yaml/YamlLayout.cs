namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>How a document is laid out, so that what is added looks like what is there.</summary>
/// <param name="Step">Blanks by which a map inside a map is indented.</param>
/// <param name="ListOffset">Blanks by which a list inside a map is indented; 0 for lists that are not.</param>
/// <param name="NewLine">The line end.</param>
internal readonly record struct YamlLayout(int Step, int ListOffset, string NewLine)
{
    /// <summary>What Talos itself writes.</summary>
    public static readonly YamlLayout Talos = new(4, 4, "\n");

    /// <summary>Looks at a document for its layout; what it does not show is taken from the other documents.</summary>
    public static YamlLayout Of(YamlDocument document, YamlLayout other)
    {
        int step = -1;
        int list = -1;
        if (document.Root is not null)
            Look(document.Root, ref step, ref list, 0);
        if (step < 0)
            step = other.Step;
        if (list < 0)
            list = step == other.Step ? other.ListOffset : step;
        return new YamlLayout(step, list, LineEndOf(document.Source) ?? other.NewLine);
    }

    /// <summary>The first line end of a text; null when it is a single line.</summary>
    public static string? LineEndOf(string text)
    {
        int at = text.AsSpan().IndexOfAny('\r', '\n');
        if (at < 0)
            return null;
        return text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? "\r\n" : "\n";
    }

    // Stops as soon as both are known: the first kilobyte of a configuration shows them.
    private static void Look(YamlNode node, ref int step, ref int list, int depth)
    {
        if (node.Entries is null || node.IsNew)
            return;
        foreach (YamlEntry entry in node.Entries)
        {
            if (step >= 0 && list >= 0)
                return;
            YamlNode? child = entry.Original;
            if (child?.Entries is null)
                continue;
            bool nested = node is { Kind: YamlKind.Map, Style: YamlStyle.Block } && child.Style == YamlStyle.Block;
            if (nested && child.Kind == YamlKind.Map && step < 0)
                step = child.Column - node.Column;
            if (nested && child.Kind == YamlKind.Sequence && list < 0)
                list = child.Column - node.Column;
            Look(child, ref step, ref list, depth + 1);
        }
    }
}
