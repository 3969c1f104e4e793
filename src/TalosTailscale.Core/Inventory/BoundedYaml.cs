using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TalosTailscale.Core.Inventory;

/// <summary>
/// The parser for all YAML that comes from outside. It gives up at a depth or a number of values that no sensible text
/// has, before they cost anything: YamlDotNet's scanner takes time by the square of the depth, its trees a stack frame for
/// each level, and what walks a tree pays for an alias as for a copy.
/// </summary>
internal sealed class BoundedYaml : IParser
{
    /// <summary>The deepest nesting.</summary>
    internal const int MaximumDepth = 100;

    /// <summary>The largest text, in characters.</summary>
    internal const int MaximumLength = 16 << 20;

    private const int MaximumValues = 1_000_000;

    private readonly Parser _parser;
    private readonly int _maximumDepth;
    private int _depth;
    private int _values;

    private BoundedYaml(string text, int maximumDepth)
    {
        _parser = new Parser(new StringReader(text));
        _maximumDepth = maximumDepth;
    }

    /// <inheritdoc/>
    public ParsingEvent? Current => _parser.Current;

    /// <summary>Parses a text.</summary>
    /// <exception cref="YamlException">It is too large; while it is read also that it is too deep, or no YAML.</exception>
    internal static BoundedYaml Of(string text, int maximumDepth = MaximumDepth) =>
        text.Length > MaximumLength
            ? throw new YamlException($"{text.Length} characters, more than {MaximumLength}")
            : new BoundedYaml(text, maximumDepth);

    /// <summary>Reads a text to its end without keeping any of it, for readers that cannot be given a parser.</summary>
    /// <exception cref="YamlException">It is too large, too deep or no YAML.</exception>
    internal static void Check(string text)
    {
        var parser = Of(text);
        while (parser.MoveNext()) { }
    }

    /// <inheritdoc/>
    public bool MoveNext()
    {
        if (!_parser.MoveNext())
            return false;
        ParsingEvent now = _parser.Current!;
        _depth += now.NestingIncrease;
        // The stream and the document are levels to the parser, but not to whoever wrote the text.
        if (_depth > _maximumDepth + 2)
            throw new YamlException(now.Start, now.End, $"nesting deeper than {_maximumDepth} levels is not accepted");
        if (++_values > MaximumValues)
            throw new YamlException(now.Start, now.End, $"more than {MaximumValues} values are not accepted");
        return true;
    }
}
