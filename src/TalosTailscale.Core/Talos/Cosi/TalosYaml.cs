using System.Buffers;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Core.Talos;

/// <summary>The YAML of a resource as plain values, with the types that Go's encoder meant.</summary>
internal static class TalosYaml
{
    private const int MaxDepth = 128;
    private const int MaxNodes = 1_000_000;
    private static readonly SearchValues<char> s_floatCharacters = SearchValues.Create("+-.eE0123456789");

    /// <summary>Maps become dictionaries in their order, lists lists, plain scalars numbers, truths or null.</summary>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosProtocolViolation"/>.</exception>
    internal static object? Parse(string yaml, string node, string what)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException e)
        {
            throw TalosErrors.TalosProtocolViolation.New(
                $"The content of '{what}' from '{node}' is not YAML at line {e.Start.Line}.", node);
        }

        if (stream.Documents.Count == 0) return null;
        int budget = MaxNodes;
        return Value(stream.Documents[0].RootNode, 0, ref budget)
            ?? (budget < 0 ? throw TalosErrors.TalosProtocolViolation.New(
                $"The content of '{what}' from '{node}' is nested too deeply or too large.", node) : null);
    }

    // Aliases share nodes, so the size of the text does not bound the size of the values: the budget does.
    private static object? Value(YamlNode node, int depth, ref int budget)
    {
        if (--budget < 0 || depth > MaxDepth)
        {
            budget = -1;
            return null;
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var map = new Dictionary<string, object?>(mapping.Children.Count, StringComparer.Ordinal);
                foreach ((YamlNode key, YamlNode value) in mapping.Children)
                    map[(key as YamlScalarNode)?.Value ?? key.ToString()] = Value(value, depth + 1, ref budget);
                return budget < 0 ? null : map;
            case YamlSequenceNode sequence:
                var list = new List<object?>(sequence.Children.Count);
                foreach (YamlNode item in sequence.Children) list.Add(Value(item, depth + 1, ref budget));
                return budget < 0 ? null : list;
            case YamlScalarNode scalar:
                return Scalar(scalar);
            default:
                return null;
        }
    }

    // YAML 1.2 core schema; anything else in plain style is text.
    private static object? Scalar(YamlScalarNode scalar)
    {
        string text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain) return text;
        switch (text)
        {
            case "" or "~" or "null":
                return null;
            case "true":
                return true;
            case "false":
                return false;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer)
            && !HasLeadingZero(text))
            return integer;
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong large) && !HasLeadingZero(text))
            return large;
        return IsFloat(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : text;
    }

    private static bool HasLeadingZero(string text) => text.Length > 1 && text.TrimStart('-', '+') is ['0', _, ..];

    private static bool IsFloat(string text) =>
        text.AsSpan().IndexOfAnyExcept(s_floatCharacters) < 0
        && text.AsSpan().IndexOfAnyInRange('0', '9') >= 0
        && text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0;
}
