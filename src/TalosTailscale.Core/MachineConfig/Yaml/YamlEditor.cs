using System.Text;

namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>
/// Turns the changes of a document's tree into edits of its text: spans to replace, everything between them untouched.
/// </summary>
internal sealed class YamlEditor(string source, YamlLayout layout)
{
    private readonly List<(int Start, int End, string Text)> _edits = [];

    /// <summary>The edits of a document that changed, in the order in which they stand in its text.</summary>
    public static List<(int Start, int End, string Text)> EditsOf(YamlDocument document, YamlLayout layout)
    {
        var editor = new YamlEditor(document.Source, layout);
        YamlNode root = document.Root!;
        if (NeedsRewrite(root, document.Source))
            editor.Rewrite(root);
        else
            editor.EditCollection(root);

        // Stable: what was said first about a place stands first there.
        return [.. editor._edits.OrderBy(edit => edit.Start)];
    }

    /// <summary>Applies edits to a part of a text.</summary>
    public static void Apply(
        StringBuilder result,
        string source,
        int from,
        int to,
        List<(int Start, int End, string Text)> edits
    )
    {
        int at = from;
        foreach ((int start, int end, string text) in edits)
        {
            result.Append(source, at, start - at).Append(text);
            at = end;
        }

        result.Append(source, at, to - at);
    }

    private static bool NeedsRewrite(YamlNode node, string source)
    {
        if (!node.IsCollection)
            return false;
        bool anyOld = node.Entries!.Exists(entry => !entry.IsNew);
        if (!anyOld)
            return true;
        if (node.Style == YamlStyle.Flow)
            return node.Column == -1 || node.Removed is not null || node.Entries[0].IsNew || HasNewInside(node.Entries);
        bool firstStays =
            !node.Entries[0].IsNew
            && (node.Removed is null || node.Removed.TrueForAll(entry => entry.Start > node.Entries[0].Start));
        return !firstStays && !IsFirstOnLine(source, node.Start);
    }

    // New entries between old ones of a flow collection: only a list patch by index makes them.
    private static bool HasNewInside(List<YamlEntry> entries)
    {
        bool seenNew = false;
        foreach (YamlEntry entry in entries)
        {
            if (seenNew && !entry.IsNew)
                return true;
            seenNew |= entry.IsNew;
        }

        return false;
    }

    private static bool IsFirstOnLine(string source, int at) =>
        source.AsSpan(LineStart(source, at), at - LineStart(source, at)).Trim(" \uFEFF").IsEmpty;

    private static int LineStart(string source, int at)
    {
        int found = source.AsSpan(0, at).LastIndexOfAny('\n', '\r');
        return found + 1;
    }

    private static int LineEnd(string source, int at)
    {
        int length = source.AsSpan(at).IndexOfAny('\n', '\r');
        return length < 0 ? source.Length : at + length;
    }

    private static int AfterBreak(string source, int at)
    {
        if (at >= source.Length)
            return source.Length;
        return source[at] == '\r' && at + 1 < source.Length && source[at + 1] == '\n' ? at + 2 : at + 1;
    }

    private void EditCollection(YamlNode node)
    {
        if (node.Style == YamlStyle.Flow)
            EditFlow(node);
        else
            EditBlock(node);
    }

    private void EditBlock(YamlNode node)
    {
        if (node.Removed is not null)
            RemoveLines(node.Removed);
        YamlEntry? previous = null;
        foreach (YamlEntry entry in node.Entries!)
        {
            if (!entry.IsNew)
            {
                EditEntry(node, entry);
                previous = entry;
                continue;
            }

            var text = new StringBuilder();
            if (previous is not null)
                text.Append(layout.NewLine);
            text.Append(' ', node.Column);
            if (entry.Key is null)
                WriteItem(text, node, entry.Value);
            else
                YamlWriter.WriteEntry(text, entry, node.Column, layout);
            if (previous is null)
            {
                int start = LineStart(source, node.Entries.Find(other => !other.IsNew)!.Start);
                Add(start, start, text.Append(layout.NewLine).ToString());
            }
            else
            {
                int end = LineEnd(source, previous.End);
                Add(end, end, text.ToString());
            }
        }
    }

    private void WriteItem(StringBuilder text, YamlNode list, YamlNode item)
    {
        // As many blanks after the dash as the other items have.
        YamlEntry? model = list.Entries!.Find(entry =>
            !entry.IsNew && entry.Original!.PropertiesStart > entry.SeparatorEnd
        );
        int gap = model is null ? 1 : model.Original!.PropertiesStart - model.SeparatorEnd;
        bool sameLine =
            model is not null && gap is > 0 and < 8 && source.AsSpan(model.SeparatorEnd, gap).Trim(' ').IsEmpty;
        text.Append('-');
        if (!sameLine || gap == 1 || !item.IsCollection || item.Entries!.Count == 0)
        {
            if (sameLine)
                text.Append(' ', gap - 1);
            YamlWriter.WriteItem(text, item, list.Column, layout);
            return;
        }

        text.Append(' ', gap);
        YamlWriter.WriteBlock(text, item, list.Column + 1 + gap, layout);
    }

    private void RemoveLines(List<YamlEntry> removed)
    {
        foreach (YamlEntry entry in removed)
        {
            // An entry beside a dash is first in its map; that map is written anew (NeedsRewrite).
            int start = LineStart(source, entry.Start);
            Add(start, AfterBreak(source, LineEnd(source, entry.End)), string.Empty);
        }
    }

    private void EditFlow(YamlNode node)
    {
        YamlEntry? last = null;
        foreach (YamlEntry entry in node.Entries!)
        {
            if (entry.IsNew)
                continue;
            EditEntry(node, entry);
            last = entry;
        }

        var text = new StringBuilder();
        foreach (YamlEntry entry in node.Entries)
        {
            if (!entry.IsNew)
                continue;
            text.Append(", ");
            if (entry.Key is not null)
                text.Append(YamlWriter.Scalar(entry.Key, flow: true)).Append(": ");
            YamlWriter.WriteFlow(text, entry.Value);
        }

        if (text.Length > 0)
            Add(last!.End, last.End, text.ToString());
    }

    private void EditEntry(YamlNode parent, YamlEntry entry)
    {
        YamlNode value = entry.Value;
        if (ReferenceEquals(value, entry.Original))
        {
            if (!value.IsDirty)
                return;
            if (!NeedsRewrite(value, source))
            {
                EditCollection(value);
                return;
            }
        }

        bool staysFlow = !value.IsNew && value.Style == YamlStyle.Flow && value.Entries!.Exists(e => !e.IsNew);
        if (parent.Style == YamlStyle.Flow || staysFlow)
            ReplaceInFlow(parent, entry);
        else if (entry.Key is null)
            ReplaceItem(parent, entry);
        else
            ReplaceValue(parent, entry);
    }

    private void ReplaceInFlow(YamlNode parent, YamlEntry entry)
    {
        var text = new StringBuilder();
        YamlNode old = entry.Original!;
        if (old.PropertiesStart == entry.SeparatorEnd && parent.Kind == YamlKind.Map)
            text.Append(source[entry.SeparatorEnd - 1] == ':' ? " " : ": ");
        YamlWriter.WriteFlow(text, entry.Value);
        Add(old.PropertiesStart, Math.Max(old.End, old.PropertiesStart), text.ToString());
    }

    private void ReplaceItem(YamlNode parent, YamlEntry entry)
    {
        YamlNode old = entry.Original!;
        var text = new StringBuilder();
        YamlWriter.WriteItem(text, entry.Value, parent.Column, layout);
        int start = entry.SeparatorEnd;
        bool sameLine = source.AsSpan(start, old.PropertiesStart - start).IndexOfAny('\n', '\r') < 0;
        if (sameLine)
            start = old.PropertiesStart;
        string written = sameLine && start > entry.SeparatorEnd ? text.ToString(1, text.Length - 1) : text.ToString();
        Add(start, WithComment(entry.Value, old.End), written);
    }

    private void ReplaceValue(YamlNode parent, YamlEntry entry)
    {
        YamlNode old = entry.Original!;
        YamlNode value = entry.Value;
        bool oldIsBlock = old is { IsCollection: true, Style: YamlStyle.Block };
        bool newIsBlock = value.IsCollection && value.Entries!.Count > 0;
        int separator = entry.SeparatorEnd;
        var text = new StringBuilder();
        if (oldIsBlock && newIsBlock)
        {
            YamlWriter.WriteBlock(text, value, old.Column, layout);
            Add(old.Start, WithComment(value, old.End), text.ToString());
            return;
        }

        YamlWriter.WriteValue(text, value, parent.Column, layout);
        if (oldIsBlock && old.PropertiesStart == old.Start)
        {
            Add(separator, separator, text.ToString());
            int end = LineEnd(source, separator);
            if (end < old.Start)
                Add(end, LineEnd(source, old.End), string.Empty);
            else
                Add(separator, old.End, string.Empty);
        }
        else if (newIsBlock && !oldIsBlock)
        {
            // The comment beside the key stays there; the new lines follow.
            Add(separator, Math.Max(separator, old.End), string.Empty);
            int end = LineEnd(source, Math.Max(separator, old.End));
            Add(end, end, text.ToString());
        }
        else
        {
            bool keepsBlanks =
                old.PropertiesStart > separator
                && source.AsSpan(separator, old.PropertiesStart - separator).IndexOfAny('\n', '\r') < 0;
            int start = keepsBlanks ? old.PropertiesStart : separator;
            Add(
                start,
                WithComment(value, Math.Max(separator, old.End)),
                keepsBlanks ? text.ToString(1, text.Length - 1) : text.ToString()
            );
        }
    }

    // What ends in a block scalar takes the rest of the line: a comment there would become part of the text.
    private int WithComment(YamlNode value, int end)
    {
        YamlNode last = value;
        while (last.Entries is { Count: > 0 } entries)
            last = entries[^1].Value;
        return last.Kind == YamlKind.Scalar && last.Value.Contains('\n') ? LineEnd(source, end) : end;
    }

    private void Rewrite(YamlNode root)
    {
        var text = new StringBuilder();
        if (root.Entries!.Count == 0 || root.Style == YamlStyle.Flow)
            YamlWriter.WriteFlow(text, root);
        else
            YamlWriter.WriteBlock(text, root, Math.Max(0, root.Column), layout);
        Add(root.PropertiesStart, WithComment(root, root.End), text.ToString());
    }

    private void Add(int start, int end, string text)
    {
        if (start != end || text.Length > 0)
            _edits.Add((start, end, text));
    }
}
