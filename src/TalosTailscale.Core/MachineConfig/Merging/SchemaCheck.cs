using System.Text.RegularExpressions;
using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;
using NearestName = TalosTailscale.Core.Inventory.NearestName;

namespace TalosTailscale.Core.MachineConfig.Merging;

/// <summary>
/// Refuses what Talos would refuse when it decodes a patch: unknown keys, values of a wrong type. A key that the
/// configuration itself has in that place is known to its node, and so accepted.
/// </summary>
internal sealed partial class SchemaCheck(string patch, TalosRules rules, bool allowUnknownKeys)
{
    /// <summary>Checks a value of a patch.</summary>
    /// <param name="node">The value.</param>
    /// <param name="type">What Talos expects.</param>
    /// <param name="existing">What the configuration has in that place; null when nothing.</param>
    /// <param name="path">Where it stands, for messages.</param>
    public void Check(YamlNode node, SchemaType type, YamlNode? existing, string path)
    {
        node = node.Resolved;
        if (type.Kind == SchemaKind.Any || IsNull(node))
            return;
        switch (type.Kind)
        {
            case SchemaKind.Struct:
                Expect(node, YamlKind.Map, type, path);
                CheckStruct(node, type.Struct!, existing, path);
                break;
            case SchemaKind.Map:
                Expect(node, YamlKind.Map, type, path);
                foreach (YamlEntry entry in node.Entries!)
                    Check(entry.Value, type.Element!, existing?.Get(entry.Key!.Value), Join(path, entry.Key!.Value));
                break;
            case SchemaKind.List:
                Expect(node, YamlKind.Sequence, type, path);
                CheckItems(node, type.Element!, path);
                break;
            case SchemaKind.Argument when node.Kind == YamlKind.Sequence:
                CheckItems(node, new SchemaType { Kind = SchemaKind.Text }, path);
                break;
            default:
                Expect(node, YamlKind.Scalar, type, path);
                CheckScalar(node, type, path);
                break;
        }
    }

    private static bool IsNull(YamlNode node) =>
        node.Kind == YamlKind.Scalar && YamlScalar.TypeOf(node) == ScalarType.Null;

    private static string Join(string path, string key) => path.Length == 0 ? key : path + "." + key;

    private void CheckStruct(YamlNode node, SchemaStruct fields, YamlNode? existing, string path)
    {
        foreach (YamlEntry entry in node.Entries!)
        {
            string key = entry.Key!.Value;
            YamlNode? there = existing?.Get(key);
            if (fields.Find(key) is { } field)
            {
                Check(entry.Value, field.Type, there, Join(path, key));
                continue;
            }

            if (allowUnknownKeys || there is not null)
                continue;
            string known = NearestName.Find(key, fields.Fields.Keys) is { } near
                ? $"'{near}'"
                : "a key of the configuration";
            throw MachineConfigErrors.PatchUnknownKey.New(
                $"'{patch}' {YamlPosition.Describe(entry.Key!)}: found the key '{Join(path, key)}', which Talos does not know; expected {known}.",
                patch
            );
        }
    }

    private void CheckItems(YamlNode node, SchemaType element, string path)
    {
        for (int i = 0; i < node.Entries!.Count; i++)
        {
            YamlNode item = node.Entries[i].Value;

            // Talos v1.12 crashes on an empty entry in a list of structs.
            if (element.Kind == SchemaKind.Struct && IsNull(item))
                throw Wrong(item, $"{path}[{i}]", "nothing", "a map");
            Check(item, element, null, $"{path}[{i}]");
        }
    }

    private void CheckScalar(YamlNode node, SchemaType type, string path)
    {
        ScalarType found = YamlScalar.TypeOf(node);
        bool good = type.Kind switch
        {
            SchemaKind.Integer => found == ScalarType.Integer,
            SchemaKind.Fraction => found is ScalarType.Integer or ScalarType.Fraction,
            SchemaKind.Boolean => node.Style == YamlStyle.Plain && YamlScalar.TryBoolean(node.Value) is not null,
            SchemaKind.Duration => GoDuration.IsValid(node.Value),
            SchemaKind.Text or SchemaKind.TextOrNumber or SchemaKind.Argument => !IsDate(node),
            _ => true,
        };
        if (good && !allowUnknownKeys && type.Format is { } format && !format.Takes(node.Value))
            throw Wrong(node, path, format.Describe(node.Value), format.Description);
        if (!good)
            throw Wrong(node, path, found == ScalarType.Text ? "text" : "a value of another type", type.Description);
    }

    private bool IsDate(YamlNode node) =>
        rules.DatesAreNoText && node.Style == YamlStyle.Plain && node.Tag is null && Date().IsMatch(node.Value);

    [GeneratedRegex(@"^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}.*)?$")]
    private static partial Regex Date();

    private void Expect(YamlNode node, YamlKind kind, SchemaType type, string path)
    {
        if (node.Kind != kind)
            throw Wrong(node, path, Describe(node), type.Description);
    }

    private static string Describe(YamlNode node) =>
        node.Kind switch
        {
            YamlKind.Map => "a map",
            YamlKind.Sequence => "a list",
            _ => "a single value",
        };

    private TsException Wrong(YamlNode node, string path, string found, string expected) =>
        MachineConfigErrors.PatchWrongType.New(
            $"'{patch}' {YamlPosition.Describe(node)}: found {found} for '{path}', expected {expected}.",
            patch
        );
}
