using System.Buffers;
using System.Globalization;
using TalosTailscale.Core.Inventory;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// The YAML of a resource as plain values, with the types that Go's encoder meant. Read event by event: depth and size
/// are bounded before they cost anything, which a tree of nodes cannot do.
/// </summary>
internal sealed class TalosYaml
{
    private const int MaxNodes = 1_000_000;
    private const string TextTag = "tag:yaml.org,2002:str";
    private static readonly SearchValues<char> s_floatCharacters = SearchValues.Create("+-.eE0123456789");

    private readonly BoundedYaml _parser;
    private readonly Dictionary<string, (object? Value, int Size)> _anchors = new(StringComparer.Ordinal);
    private int _left = MaxNodes;

    private TalosYaml(string yaml) => _parser = BoundedYaml.Of(yaml);

    /// <summary>Maps become dictionaries in their order, lists lists, plain scalars numbers, truths or null.</summary>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosProtocolViolation"/>.</exception>
    internal static object? Parse(string yaml, string node, string what)
    {
        try
        {
            return new TalosYaml(yaml).Document();
        }
        catch (YamlException e)
        {
            // The inner message may quote the text, which may be a secret.
            throw TalosErrors.TalosProtocolViolation.New(
                $"The content of '{what}' from '{node}' is not YAML that can be read, at line {e.Start.Line}.",
                node
            );
        }
        catch (Exception e)
            when (e
                    is ArgumentException
                        or InvalidOperationException
                        or FormatException
                        or OverflowException
                        or IndexOutOfRangeException
                        or NullReferenceException
            )
        {
            // YamlDotNet throws all of these on malformed text.
            throw TalosErrors.TalosProtocolViolation.New($"The content of '{what}' from '{node}' is not YAML.", node);
        }
    }

    private object? Document()
    {
        object? value = null;
        bool found = false;
        while (_parser.MoveNext())
        {
            if (found || _parser.Current is not DocumentStart)
                continue;
            value = Value(Next());
            found = true;
        }

        return value;
    }

    private ParsingEvent Next() =>
        _parser.MoveNext() && _parser.Current is { } next ? next : throw new YamlException("The text ends too early.");

    private object? Value(ParsingEvent at)
    {
        Spend(1, at);
        int before = _left;
        switch (at)
        {
            case AnchorAlias alias:
                if (!_anchors.TryGetValue(alias.Value.Value, out (object? Value, int Size) known))
                    throw new YamlException(at.Start, at.End, "An alias names nothing.");

                // A shared value costs whoever walks it as much as a copy would.
                Spend(known.Size, at);
                return known.Value;
            case Scalar scalar:
                return Keep(scalar, Scalar(scalar), before);
            case SequenceStart sequence:
                var list = new List<object?>();
                for (ParsingEvent next = Next(); next is not SequenceEnd; next = Next())
                    list.Add(Value(next));
                return Keep(sequence, list, before);
            case MappingStart mapping:
                var map = new Dictionary<string, object?>(StringComparer.Ordinal);
                for (ParsingEvent next = Next(); next is not MappingEnd; next = Next())
                {
                    string key = next is Scalar text
                        ? text.Value
                        : throw new YamlException(next.Start, next.End, "A key is no scalar.");
                    Keep((Scalar)next, key, before);
                    if (!map.TryAdd(key, Value(Next())))
                        throw new YamlException(next.Start, next.End, "A key is there twice.");
                }

                return Keep(mapping, map, before);
            default:
                throw new YamlException(at.Start, at.End, "A value was expected.");
        }
    }

    private void Spend(int nodes, ParsingEvent at)
    {
        if (nodes > _left)
            throw new YamlException(at.Start, at.End, "Too large.");
        _left -= nodes;
    }

    private object? Keep(NodeEvent at, object? value, int before)
    {
        if (!at.Anchor.IsEmpty)
            _anchors[at.Anchor.Value] = (value, before - _left);
        return value;
    }

    // YAML 1.2 core schema; anything else in plain style is text.
    private static object? Scalar(Scalar scalar)
    {
        string text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value == TextTag))
            return text;
        switch (text)
        {
            case "" or "~" or "null":
                return null;
            case "true":
                return true;
            case "false":
                return false;
        }

        if (
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer)
            && !HasLeadingZero(text)
        )
            return integer;
        if (
            ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong large)
            && !HasLeadingZero(text)
        )
            return large;
        return
            IsFloat(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : text;
    }

    private static bool HasLeadingZero(string text) => text.Length > 1 && text.TrimStart('-', '+') is ['0', _, ..];

    private static bool IsFloat(string text) =>
        text.AsSpan().IndexOfAnyExcept(s_floatCharacters) < 0
        && text.AsSpan().IndexOfAnyInRange('0', '9') >= 0
        && text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0;
}
