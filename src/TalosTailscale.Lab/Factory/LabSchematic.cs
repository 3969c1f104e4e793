using System.Security.Cryptography;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Lab.Factory;

/// <summary>A schematic as the lab's factory reads it. Written from the published rules, apart from the Core's.</summary>
/// <param name="Yaml">The canonical text.</param>
/// <param name="Extensions">The official extensions.</param>
/// <param name="ExtraKernelArgs">The kernel arguments.</param>
internal sealed record LabSchematic(
    string Yaml,
    IReadOnlyList<string> Extensions,
    IReadOnlyList<string> ExtraKernelArgs
)
{
    private static readonly string[] s_top = ["overlay", "customization"];
    private static readonly string[] s_customization =
    [
        "embeddedMachineConfiguration",
        "extraKernelArgs",
        "meta",
        "systemExtensions",
        "bootloader",
        "secureboot",
        "diskImage",
    ];

    private static readonly Dictionary<string, string[]> s_inner = new()
    {
        ["systemExtensions"] = ["officialExtensions"],
        ["secureboot"] = ["enrollKeys", "includeWellKnownCertificates"],
        ["diskImage"] = ["sectorSize"],
        ["overlay"] = ["image", "name", "options"],
    };

    /// <summary>SHA-256 of the canonical text.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Yaml)));

    /// <summary>Reads YAML or JSON.</summary>
    /// <exception cref="FormatException">It is not a schematic; the message is what the factory answers.</exception>
    public static LabSchematic Parse(string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new FormatException($"yaml: line {e.Start.Line}: {e.Message}", e);
        }

        if (stream.Documents.Count != 1 || stream.Documents[0].RootNode is not YamlMappingNode root)
            throw new FormatException("EOF");
        var fields = Fields(root, s_top, "schematic.Schematic");
        var yaml = new StringBuilder();
        if (fields.TryGetValue("overlay", out var overlay))
            Section(yaml, "overlay", overlay, "");
        var customization = Customization(
            fields.GetValueOrDefault("customization"),
            out var extensions,
            out var arguments
        );
        yaml.Append(customization.Length == 0 ? "customization: {}\n" : "customization:\n" + customization);
        return new LabSchematic(yaml.ToString(), extensions, arguments);
    }

    private static string Customization(YamlNode? node, out List<string> extensions, out List<string> arguments)
    {
        extensions = [];
        arguments = [];
        var yaml = new StringBuilder();
        if (node is not YamlMappingNode mapping)
            return "";
        var fields = Fields(mapping, s_customization, "schematic.Customization");
        foreach (var name in s_customization.Where(fields.ContainsKey))
        {
            switch (name)
            {
                case "extraKernelArgs":
                    arguments = Texts(fields[name]);
                    Sequence(yaml, "    extraKernelArgs:\n", arguments, "        ");
                    break;
                case "systemExtensions":
                    extensions =
                        fields[name] is YamlMappingNode e
                        && Fields(e, s_inner[name], name).TryGetValue("officialExtensions", out var list)
                            ? Texts(list)
                            : [];
                    Sequence(yaml, "    systemExtensions:\n        officialExtensions:\n", extensions, "            ");
                    break;
                case "meta" when fields[name] is YamlSequenceNode { Children.Count: > 0 } meta:
                    yaml.Append("    meta:\n");
                    foreach (var item in meta.Cast<YamlMappingNode>())
                        yaml.Append("        - key: ")
                            .Append(Number(item["key"]))
                            .Append("\n          value: ")
                            .Append(Scalar(item["value"]))
                            .Append('\n');
                    break;
                case "secureboot" or "diskImage":
                    Section(yaml, name, fields[name], "    ");
                    break;
                case "bootloader" or "embeddedMachineConfiguration":
                    yaml.Append("    ").Append(name).Append(": ").Append(Scalar(fields[name])).Append('\n');
                    break;
            }
        }

        return yaml.ToString();
    }

    private static void Section(StringBuilder yaml, string name, YamlNode node, string indent)
    {
        if (node is not YamlMappingNode mapping)
            return;
        var fields = Fields(mapping, s_inner[name], name);
        var lines = s_inner[name]
            .Where(fields.ContainsKey)
            .Select(f => $"{indent}    {f}: {Scalar(fields[f])}\n")
            .ToList();
        if (lines.Count > 0)
            yaml.Append(indent).Append(name).Append(":\n").Append(string.Concat(lines));
    }

    private static Dictionary<string, YamlNode> Fields(YamlMappingNode mapping, string[] known, string type)
    {
        foreach (var key in mapping.Children.Keys.Where(k => !known.Contains(k.ToString())))
            throw new FormatException(
                $"yaml: unmarshal errors:\n  line {key.Start.Line}: field {key} not found in type {type}"
            );
        return mapping.Children.ToDictionary(c => c.Key.ToString(), c => c.Value);
    }

    private static List<string> Texts(YamlNode node) =>
        node is YamlSequenceNode list ? [.. list.Select(n => n.ToString())]
        : node.ToString().Length == 0 ? []
        : throw new FormatException("yaml: cannot unmarshal into []string");

    private static void Sequence(StringBuilder yaml, string head, List<string> items, string indent)
    {
        if (items.Count == 0)
            return;
        yaml.Append(head);
        foreach (var item in items)
            yaml.Append(indent).Append("- ").Append(Quoted(item)).Append('\n');
    }

    private static string Scalar(YamlNode node) =>
        node is YamlScalarNode { Value: { } value } scalar
            ? scalar.Style == ScalarStyle.Plain
                ? value
                : Quoted(value)
            : throw new FormatException("the lab's factory takes scalars only here");

    private static int Number(YamlNode node) =>
        node.ToString() is var text && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? Convert.ToInt32(text[2..], 16)
            : int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static string Quoted(string text) =>
        text.Length == 0
        || long.TryParse(text, out _)
        || double.TryParse(text, out _)
        || text is "true" or "false" or "null" or "yes" or "no"
            ? $"\"{text}\""
        : text.Contains(": ", StringComparison.Ordinal)
        || text.Contains(" #", StringComparison.Ordinal)
        || "*&!{[>|%@`'\"#".Contains(text[0], StringComparison.Ordinal)
            ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'"
        : text;
}
