using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Commands;

/// <summary>Makes patches of what a user gives: paths, text, objects, nodes.</summary>
internal static class PatchInput
{
    /// <summary>The patches of <c>-Patch</c>.</summary>
    public static async Task<IReadOnlyList<ConfigPatch>> ReadAsync(
        object[] given,
        Func<string, bool, Task<IReadOnlyList<string>>> resolve,
        CancellationToken cancellationToken
    )
    {
        var patches = new List<ConfigPatch>();
        for (int i = 0; i < given.Length; i++)
        {
            string name = given.Length == 1 ? "-Patch" : $"-Patch[{i}]";
            object value = given[i] is PSObject { BaseObject: not PSCustomObject } wrapped
                ? wrapped.BaseObject
                : given[i];
            switch (value)
            {
                case string text when IsText(text):
                    patches.Add(new ConfigPatch(text, name));
                    break;
                case string path:
                    // talosctl writes @file; both mean the file.
                    foreach (string file in await resolve(path.TrimStart('@'), false))
                        patches.Add(await ConfigPatch.LoadAsync(file, cancellationToken));
                    break;
                case FileInfo file:
                    patches.Add(await ConfigPatch.LoadAsync(file.FullName, cancellationToken));
                    break;
                case TsExtensionServiceConfig service:
                    patches.Add(await ConfigPatch.LoadAsync(service.Path, cancellationToken));
                    break;
                default:
                    patches.Add(ConfigPatchValue.Create(Plain(value) ?? throw Nothing(name), name));
                    break;
            }
        }

        foreach (ConfigPatch patch in patches)
            ConfigSecrets.Register(patch.Text);
        return patches;
    }

    /// <summary>The patches of a node: those given, else the runbook's manifests.</summary>
    public static async Task<IReadOnlyList<ConfigPatch>> ForNodeAsync(
        TsNode node,
        TsExtensionServiceConfig? service,
        IReadOnlyList<ConfigPatch> given,
        bool whatIf,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        var patches = new List<ConfigPatch>();
        if (service is not null)
            patches.Add(await ServiceAsync(service, whatIf, cancellationToken));
        if (given.Count > 0)
            return [.. patches, .. given];
        foreach (string name in ManifestNames.Applied)
        {
            if (name == ManifestNames.Service && service is not null)
                continue;
            string? path = node.Path is null ? null : Path.Combine(node.Path, ManifestNames.Folder, name);
            if (path is not null && File.Exists(path))
                patches.Add(await ConfigPatch.LoadAsync(path, cancellationToken));
            else
                reporter.Verbose($"{node.Name}: there is no '{name}'; going on without it.");
        }

        return patches.Count > 0
            ? patches
            : throw MachineConfigErrors.PatchMissing.New(
                $"The node '{node.Name}' has none of {string.Join(", ", ManifestNames.Applied)}, and no patch was given.",
                node.Name
            );
    }

    private static async Task<ConfigPatch> ServiceAsync(
        TsExtensionServiceConfig service,
        bool whatIf,
        CancellationToken cancellationToken
    )
    {
        if (File.Exists(service.Path) || !whatIf)
            return await ConfigPatch.LoadAsync(service.Path, cancellationToken);

        // Under -WhatIf the file was not written; the difference is shown with a word in the place of the key.
        string text = service.ToYaml();
        int from = text.IndexOf("${", StringComparison.Ordinal);
        int to = from < 0 ? -1 : text.IndexOf('}', from);
        return new ConfigPatch(
            to < 0 ? text : string.Concat(text.AsSpan(0, from), "not-rendered-under-WhatIf", text.AsSpan(to + 1)),
            Path.GetFileName(service.Path)
        );
    }

    // A path has neither line ends nor what makes YAML or JSON of one line.
    private static bool IsText(string value) =>
        value.Contains('\n') || value.TrimStart() is ['{' or '[', ..] || value.Contains(": ", StringComparison.Ordinal);

    // What PowerShell wraps objects in must not reach the Core.
    private static object? Plain(object? value)
    {
        switch (value)
        {
            case null:
                return null;
            case PSObject { BaseObject: PSCustomObject } custom:
                var properties = new OrderedDictionary();
                foreach (PSPropertyInfo property in custom.Properties)
                    properties[property.Name] = Plain(property.Value);
                return properties;
            case PSObject wrapped:
                return Plain(wrapped.BaseObject);
            case SwitchParameter flag:
                return flag.IsPresent;
            case IDictionary map:
                IDictionary copy = map is Hashtable ? new Hashtable(StringComparer.Ordinal) : new OrderedDictionary();
                foreach (DictionaryEntry entry in map)
                    copy[entry.Key] = Plain(entry.Value);
                return copy;
            case string:
                return value;
            case IEnumerable list:
                return list.Cast<object?>().Select(Plain).ToList();
            default:
                return value;
        }
    }

    private static TsException Nothing(string name) =>
        MachineConfigErrors.PatchObjectInvalid.New($"'{name}' found nothing, expected a patch.", name);
}
