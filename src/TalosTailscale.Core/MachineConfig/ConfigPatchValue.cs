using System.Collections;
using System.Globalization;
using System.Text;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>Patches from objects.</summary>
public static class ConfigPatchValue
{
    private const int MaximumDepth = 50;
    private static readonly string[] s_first = ["apiVersion", "kind", "name"];

    /// <summary>A patch from plain objects: dictionaries, lists, texts, numbers, booleans, null.</summary>
    /// <param name="value">The object; a dictionary with <c>op</c> and <c>path</c> is a JSON6902 operation.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <returns>The patch.</returns>
    /// <exception cref="TsException"><see cref="MachineConfigErrors.PatchObjectInvalid"/>.</exception>
    public static ConfigPatch Create(object value, string name)
    {
        ArgumentNullException.ThrowIfNull(value);
        YamlNode node = Node(value, name, 0);
        bool operation = node.Kind == YamlKind.Map && node.Find("op") is not null && node.Find("path") is not null;
        if (operation)
        {
            YamlNode list = YamlNode.NewSequence();
            list.Add(null, node);
            node = list;
        }

        if (!node.IsCollection)
            throw MachineConfigErrors.PatchObjectInvalid.New(
                $"'{name}' found a single value, expected a map or list.",
                name
            );
        var text = new StringBuilder();
        if (node.Entries!.Count == 0)
            YamlWriter.WriteFlow(text, node);
        else
            YamlWriter.WriteBlock(text, node, 0, YamlLayout.Talos);
        return new ConfigPatch(text.Append('\n').ToString(), name);
    }

    private static YamlNode Node(object? value, string name, int depth)
    {
        if (depth > MaximumDepth)
            throw MachineConfigErrors.PatchObjectInvalid.New(
                $"'{name}' found more than {MaximumDepth} levels, expected a flatter object.",
                name
            );
        switch (value)
        {
            case null:
                return YamlNode.NewScalar("null");
            case string text:
                return YamlNode.NewScalar(text, YamlStyle.Plain, isText: true);
            case char letter:
                return YamlNode.NewScalar(letter.ToString(), YamlStyle.Plain, isText: true);
            case bool truth:
                return YamlNode.NewScalar(truth ? "true" : "false");
            case byte or sbyte or short or ushort or int or uint or long or ulong:
                return YamlNode.NewScalar(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
            case float or double or decimal:
                return Fraction((IFormattable)value, name);
            case Version or Uri or Guid or Enum or System.Net.IPAddress:
                return YamlNode.NewScalar(value.ToString()!, YamlStyle.Plain, isText: true);
            case IDictionary map:
                return Map(map, name, depth);
            case IEnumerable list:
                YamlNode sequence = YamlNode.NewSequence();
                foreach (object? item in list)
                    sequence.Add(null, Node(item, name, depth + 1));
                return sequence;
            default:
                throw MachineConfigErrors.PatchObjectInvalid.New(
                    $"'{name}' found a value of type '{value.GetType().Name}', expected text, a number, a boolean, a list or a map.",
                    name
                );
        }
    }

    private static YamlNode Fraction(IFormattable value, string name)
    {
        string text = value
            .ToString(value is decimal ? null : "R", CultureInfo.InvariantCulture)
            .Replace("E+", "e+", StringComparison.Ordinal);
        if (text.Any(char.IsAsciiLetter) && !text.Contains('e') && !text.Contains('E'))
            throw MachineConfigErrors.PatchObjectInvalid.New(
                $"'{name}' found the number '{text}', expected a finite one.",
                name
            );
        return YamlNode.NewScalar(text);
    }

    private static YamlNode Map(IDictionary map, string name, int depth)
    {
        var keys = new List<string>();
        foreach (object key in map.Keys)
            keys.Add(Convert.ToString(key, CultureInfo.InvariantCulture) ?? string.Empty);
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in map)
            values[Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? string.Empty] = entry.Value;

        // A Hashtable has no order of its own; what names a document comes first.
        if (map is Hashtable)
            keys =
            [
                .. keys.OrderBy(key => Array.IndexOf(s_first, key) is >= 0 and var at ? at : s_first.Length)
                    .ThenBy(key => key, StringComparer.Ordinal),
            ];
        YamlNode node = YamlNode.NewMap();
        foreach (string key in keys)
            node.Add(key, Node(values[key], name, depth + 1));
        return node;
    }
}
