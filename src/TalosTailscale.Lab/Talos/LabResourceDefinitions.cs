using System.Collections.Concurrent;
using Google.Protobuf;
using TalosTailscale.Lab.Nodes;

namespace TalosTailscale.Lab.Talos;

/// <summary>
/// The definitions of all resource types, by which talosctl finds a type from an alias (cosi-project/runtime
/// pkg/resource/meta; the proto is cosi.resource.meta.ResourceDefinitionSpec of api/v1alpha1/meta.proto).
/// </summary>
internal static class LabResourceDefinitions
{
    private static readonly ConcurrentDictionary<int, IReadOnlyList<LabResource>> s_ofMinor = new();

    internal static IReadOnlyList<LabResource> Of(int minor) =>
        s_ofMinor.GetOrAdd(minor, static m =>
            [
                .. LabResourceTypes
                    .All(m)
                    .Select(t => Make(t.Type, t.Namespace))
                    .OrderBy(r => r.Id, StringComparer.Ordinal),
            ]
        );

    private static LabResource Make(string type, string ns)
    {
        var dot = type.IndexOf('.', StringComparison.Ordinal);
        var (name, suffix) = (type[..dot], type[(dot + 1)..]);
        var display = Singular(name);
        List<string> aliases = [display.ToLowerInvariant()];
        var capitals = string.Concat(name.Where(char.IsAsciiLetterUpper)).ToLowerInvariant();
        if (capitals.Length > 1)
            aliases.Add(capitals);
        if (capitals.Length > 1 && !capitals.EndsWith('s'))
            aliases.Add(capitals + "s");
        List<string> all = [name.ToLowerInvariant()];
        var parts = suffix.Split('.');
        for (var i = 1; i < parts.Length; i++)
            all.Add($"{name.ToLowerInvariant()}.{string.Join('.', parts[..i])}");
        all.AddRange(aliases);
        return new LabResource(
            "meta",
            LabResourceTypes.Definition,
            type.ToLowerInvariant(),
            Yaml(type, display, ns, aliases, all)
        )
        {
            Proto = Proto(type, display, ns, aliases, all),
            Created = DateTimeOffset.UnixEpoch,
            Updated = DateTimeOffset.UnixEpoch,
        };
    }

    private static string Singular(string name) =>
        name.EndsWith("sses", StringComparison.Ordinal) || name.EndsWith("uses", StringComparison.Ordinal) ? name[..^2]
        : name.EndsWith("ies", StringComparison.Ordinal) ? name[..^3] + "y"
        : name.TrimEnd('s');

    private static string Yaml(string type, string display, string ns, List<string> aliases, List<string> all) =>
        $"type: {type}\ndisplayType: {display}\ndefaultNamespace: {ns}\naliases:\n{List(aliases)}allAliases:\n{List(all)}printColumns: []\n"
        + (LabResourceTypes.IsSensitive(type) ? "sensitivity: sensitive\n" : "");

    private static string List(IEnumerable<string> items) => string.Concat(items.Select(i => $"    - {i}\n"));

    private static byte[] Proto(string type, string display, string ns, List<string> aliases, List<string> all)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true))
        {
            foreach (
                var (field, text) in (IEnumerable<(int, string)>)
                    [(1, type), (2, display), (3, ns), .. aliases.Select(a => (4, a)), .. all.Select(a => (5, a))]
            )
            {
                output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                output.WriteString(text);
            }

            if (LabResourceTypes.IsSensitive(type))
            {
                output.WriteTag(7, WireFormat.WireType.Varint);
                output.WriteEnum(1);
            }
        }

        return buffer.ToArray();
    }
}
