using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TalosTailscale.Core.Inventory;

/// <summary>
/// Reads small YAML texts (node.yaml, templates, resource specs) into values that know their line. Strict and bounded:
/// no aliases (an anchor alone means nothing), no repeated keys, limited size and depth, so that no text can exhaust memory.
/// </summary>
internal static class StrictYaml
{
    /// <summary>The largest text that is read, in characters.</summary>
    public const int MaximumLength = 1 << 20;

    /// <summary>The deepest nesting.</summary>
    public const int MaximumDepth = 48;

    /// <summary>Reads every document of a text.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="name">What to call it in messages: the path as a rule.</param>
    /// <returns>The root of each document; a null document is a plain scalar.</returns>
    /// <exception cref="TsException">YamlMalformed, with line and column.</exception>
    public static IReadOnlyList<YamlValue> Parse(string text, string name)
    {
        if (text.Length > MaximumLength)
            throw InventoryErrors.YamlMalformed.New(
                $"'{name}' has {text.Length} characters; at most {MaximumLength} were expected.",
                name
            );
        try
        {
            var parser = BoundedYaml.Of(text, MaximumDepth);
            var documents = new List<YamlValue>();
            parser.Consume<StreamStart>();
            while (!parser.Accept<StreamEnd>(out _))
            {
                parser.Consume<DocumentStart>();
                documents.Add(ReadValue(parser, name));
                parser.Consume<DocumentEnd>();
            }

            return documents;
        }
        catch (YamlException e)
        {
            throw Malformed(name, e.Start, e.Message.TrimEnd('.'), e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // What YamlDotNet throws for tags that are no URI and from its scanner of plain scalars, without a place.
            throw InventoryErrors.YamlMalformed.New($"'{name}' is not usable YAML: {e.Message}", name, e);
        }
    }

    /// <summary>Reads a text that has to be one mapping.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <returns>The mapping.</returns>
    /// <exception cref="TsException">YamlMalformed, with line and column.</exception>
    public static YamlMapping ParseMapping(string text, string name)
    {
        var documents = Parse(text, name);
        if (documents is [YamlMapping mapping])
            return mapping;
        if (documents.Count > 1)
            throw InventoryErrors.YamlMalformed.New(
                $"'{name}' has {documents.Count} YAML documents, the second at line {documents[1].Line}; one was expected.",
                name
            );
        throw InventoryErrors.YamlMalformed.New(
            $"'{name}' holds no YAML mapping at line 1; 'key: value' lines were expected.",
            name
        );
    }

    private static YamlValue ReadValue(IParser parser, string name)
    {
        if (parser.Accept<AnchorAlias>(out var alias))
            throw Malformed(name, alias.Start, "aliases are not accepted here", null);
        if (!parser.Accept<NodeEvent>(out var node))
            throw Malformed(name, parser.Current?.Start ?? Mark.Empty, "a value was expected", null);
        parser.MoveNext();
        switch (node)
        {
            case Scalar scalar:
                return new YamlScalar(scalar.Value, scalar.Style == ScalarStyle.Plain, Span(node, node.End));
            case SequenceStart sequence:
                var items = new List<YamlValue>();
                while (!parser.Accept<SequenceEnd>(out _))
                    items.Add(ReadValue(parser, name));
                return new YamlSequence(
                    items,
                    sequence.Style == SequenceStyle.Flow,
                    Span(node, parser.Consume<SequenceEnd>().End)
                );
            default:
                var entries = ReadEntries(parser, name, out var last);
                return new YamlMapping(entries, Span(node, last));
        }
    }

    private static List<(YamlScalar, YamlValue)> ReadEntries(IParser parser, string name, out Mark last)
    {
        var entries = new List<(YamlScalar, YamlValue)>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!parser.Accept<MappingEnd>(out _))
        {
            var start = parser.Current?.Start ?? Mark.Empty;
            if (ReadValue(parser, name) is not YamlScalar key)
                throw Malformed(name, start, "a mapping key has to be plain text", null);
            if (!seen.TryAdd(key.Text, key.Line))
                throw Malformed(name, start, $"the key '{key.Text}' is already at line {seen[key.Text]}", null);
            entries.Add((key, ReadValue(parser, name)));
        }

        last = parser.Consume<MappingEnd>().End;
        return entries;
    }

    private static TsException Malformed(string name, Mark at, string what, Exception? inner) =>
        InventoryErrors.YamlMalformed.New(
            $"'{name}' is not usable YAML at line {Line(at)}, column {Column(at)}: {what}.",
            name,
            inner
        );

    private static YamlSpan Span(ParsingEvent from, Mark end) =>
        new(Line(from.Start), Column(from.Start), checked((int)from.Start.Index), checked((int)end.Index));

    private static int Line(Mark mark) => checked((int)mark.Line);

    private static int Column(Mark mark) => checked((int)mark.Column);
}
