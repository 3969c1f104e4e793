namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>
/// The one case in which text that no patch touches has to change: a block scalar at the end of a text without line end.
/// Its value has no line end either (YAML 1.2 §8.1.1.2), and would get one from whatever is written below it.
/// </summary>
internal static class YamlTail
{
    /// <summary>Adds the edit that says so in the header of the scalar, when something follows it.</summary>
    /// <param name="document">The last document of a text.</param>
    /// <param name="edits">The edits of it, in order.</param>
    /// <param name="grows">A new document follows.</param>
    public static void Keep(YamlDocument document, List<(int Start, int End, string Text)> edits, bool grows)
    {
        if (LastScalar(document) is not { } scalar)
            return;
        bool follows = grows || edits.Exists(edit => edit.Start == document.BodyEnd);
        bool rewritten = edits.Exists(edit => edit.Start <= scalar.Start && edit.End >= scalar.End);
        if (!follows || rewritten)
            return;
        int at = scalar.Start + 1;
        ReadOnlySpan<char> header = document.Source.AsSpan(at, 2);
        int keep = header.IndexOf('+');
        (int Start, int End, string Text) chomp = keep < 0 ? (at, at, "-") : (at + keep, at + keep + 1, "-");
        int place = edits.FindIndex(edit => edit.Start > chomp.Start);
        edits.Insert(place < 0 ? edits.Count : place, chomp);
    }

    private static YamlNode? LastScalar(YamlDocument document)
    {
        string source = document.Source;
        if (source.Length < 3 || source[^1] is '\n' or '\r')
            return null;
        YamlNode? node = document.Root;
        while (node is { Entries: { } entries })
        {
            YamlEntry? last = entries.FindLast(entry => !entry.IsNew);
            node = last is not null && ReferenceEquals(last.Value, last.Original) ? last.Value : null;
        }

        bool isBlock =
            node is { Style: YamlStyle.Literal or YamlStyle.Folded, IsNew: false } && node.End == source.Length;
        if (!isBlock)
            return null;
        ReadOnlySpan<char> text = source.AsSpan(node!.Start, node.End - node.Start);
        int header = text.IndexOfAny('\n', '\r');
        return header < 0 || text[1..Math.Min(3, header)].Contains('-') ? null : node;
    }
}
