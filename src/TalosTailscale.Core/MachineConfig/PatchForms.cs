using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Validation;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// Brings patches into the form that a node has: settings with two places go where its configuration has them. What does
/// not fit whole stays as it is, and is refused by the rules of the configuration.
/// </summary>
public static class PatchForms
{
    private static readonly DocumentId s_main = new(string.Empty, string.Empty, string.Empty);

    /// <summary>Rewrites patches to the forms of a configuration.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="patches">The patches.</param>
    /// <param name="name">The node or file, for messages.</param>
    /// <param name="talos">The node's Talos; null when not known.</param>
    /// <param name="mode">What happens to lists; with Append patches keep all that Talos would merge.</param>
    /// <returns>The patches, those without need as they are; fewer when nothing is left of one.</returns>
    public static AdaptedPatches Adapt(
        string config,
        IReadOnlyList<ConfigPatch> patches,
        string name = "machine configuration",
        Version? talos = null,
        ListMerge mode = ListMerge.Union
    )
    {
        ArgumentNullException.ThrowIfNull(patches);
        var said = new List<string>();
        var dropped = new List<string>();
        if (mode == ListMerge.Union && ExtensionsIgnored.Since(talos))
            patches = [.. patches.Select(patch => Change(patch, dropped, DropExtensions)).OfType<ConfigPatch>()];
        ConfigTree before = ConfigTree.Read(config, name);
        IReadOnlyList<(string Kind, bool ToDocument)> moves = Moves(before, config, patches, name, talos, mode);
        foreach ((string kind, bool toDocument) in moves)
        {
            Action<ConfigTree, string, List<string>> move = toDocument
                ? (tree, patch, lines) => ToDocument(tree, patch, kind, lines)
                : (tree, patch, lines) => ToMain(tree, patch, kind, lines);
            patches = [.. patches.Select(patch => Change(patch, said, move)).OfType<ConfigPatch>()];
        }

        IReadOnlyList<MachineConfigWarning> warnings =
            dropped.Count == 0 ? [] : [ExtensionsIgnored.Warning($"{string.Join(", ", dropped)} is left out: it")];
        return new AdaptedPatches(patches, said, warnings);
    }

    // A patch that the node takes as it is needs no other form: only what excludes itself is moved.
    private static IReadOnlyList<(string Kind, bool ToDocument)> Moves(
        ConfigTree before,
        string config,
        IReadOnlyList<ConfigPatch> patches,
        string name,
        Version? talos,
        ListMerge mode
    )
    {
        TalosRules rules = TalosRules.For(talos, before);
        if (
            !patches.Any(patch => IsStrategic(patch) && MayMove(before, ConfigTree.Read(patch.Text, patch.Name), rules))
        )
            return [];
        ConfigTree after;
        try
        {
            string text = MachineConfigPatcher.Apply(config, patches, mode, name, allowUnknownKeys: true, talos).Text;
            after = ConfigTree.Read(text, name);
        }
        catch (TsException)
        {
            // The caller patches again, and has the words for it.
            return [];
        }

        var view = new ConfigView(after);
        HashSet<ConfigExclusions.Exclusion> known =
        [
            .. ConfigExclusions.Broken(new ConfigView(before)).Select(broken => broken.Rule),
        ];
        IEnumerable<string> excluded = ConfigExclusions
            .Broken(view)
            .Where(broken => !known.Contains(broken.Rule))
            .Select(broken => broken.Rule.Kind);
        IEnumerable<string> tooNew = view.Others.Select(item => item.Kind).Where(kind => !rules.Has(kind));
        return
        [
            .. excluded.Concat(tooNew).Distinct(StringComparer.Ordinal).Select(kind => (kind, before.HasKind(kind))),
        ];
    }

    // Most patches touch nothing that has two places; they are not tried first.
    private static bool MayMove(ConfigTree before, ConfigTree patch, TalosRules rules) =>
        patch.Documents.Any(item => !rules.Has(item.Id.Kind)) || ConfigExclusions.MayBreak(before, patch);

    // The patch, another one, or null when nothing is left.
    private static ConfigPatch? Change(
        ConfigPatch patch,
        List<string> said,
        Action<ConfigTree, string, List<string>> change
    )
    {
        if (!IsStrategic(patch))
            return patch;
        ConfigTree source = ConfigTree.Read(patch.Text, patch.Name);
        int lines = said.Count;
        change(source, patch.Name, said);
        if (said.Count == lines)
            return patch;
        return source.Count == 0
            ? null
            : new ConfigPatch(MachineConfigPatcher.Write(source, patch.Text).Text, patch.Name);
    }

    // A list of operations, or a document twice: the patcher has the words for that.
    private static bool IsStrategic(ConfigPatch patch)
    {
        var roots = YamlReader
            .Read(patch.Text, patch.Name)
            .Documents.Where(document => document.Root is not null)
            .Select(document => document.Root!)
            .ToList();
        return roots.TrueForAll(root => root.Kind == YamlKind.Map && root.Find("$patch") is null)
            && roots.Select(DocumentId.Of).Distinct().Count() == roots.Count;
    }

    private static void DropExtensions(ConfigTree source, string patch, List<string> said)
    {
        if (Take(source, s_main, "machine.install.extensions") is not null)
            said.Add($"machine.install.extensions of '{patch}'");
    }

    private static void ToDocument(ConfigTree source, string patch, string kind, List<string> said)
    {
        YamlNode? main = source.Find(s_main)?.Root;
        foreach (ConfigForm form in ConfigForms.All.Where(form => form.Kind == kind))
        {
            if (
                main is null
                || ConfigView.At(main, form.Old) is not { } value
                || Converted(value, form) is not { } there
            )
                continue;
            var id = new DocumentId("v1alpha1", kind, ConfigForms.NameOf(kind));
            if (form.New.Length > 0 && source.Find(id)?.Root is { } root && ConfigView.At(root, form.New) is not null)
                continue;
            Take(source, s_main, form.Old);
            if (form.New.Length > 0)
                Put(source, id, form.New, there);
            if (form.Old == "machine.network.hostname")
                Put(source, id, "auto", YamlNode.NewScalar("off"));
            main = source.Find(s_main)?.Root;
            said.Add($"'{patch}': the node has a {kind}, so {form.Old} goes to {form.Place}.");
        }
    }

    private static void ToMain(ConfigTree source, string patch, string kind, List<string> said)
    {
        foreach (DocumentId id in source.Documents.Select(item => item.Id).Where(id => id.Kind == kind).ToList())
        {
            YamlNode root = source.Find(id)!.Root!;
            foreach (ConfigForm form in ConfigForms.All.Where(form => form.Kind == kind))
            {
                YamlNode? value = form.New.Length == 0 ? YamlNode.NewScalar("true") : ConfigView.At(root, form.New);
                if (value is null || Reverted(value, form) is not { } there)
                    continue;
                bool given = source.Find(s_main)?.Root is { } main && ConfigView.At(main, form.Old) is not null;
                if (given)
                    continue;
                if (form.New.Length > 0)
                    Take(source, id, form.New);
                Put(source, s_main, form.Old, there);
                said.Add($"'{patch}': the node has {form.Old}, so {form.Place} goes there.");
            }

            if (root.GetText("auto") == "off" && ConfigView.At(root, "hostname") is null)
                Take(source, id, "auto");
            if (root.Entries!.TrueForAll(entry => entry.Key!.Value is "apiVersion" or "kind" or "name"))
                source.Remove(id);
        }
    }

    private static YamlNode? Converted(YamlNode value, ConfigForm form)
    {
        switch (form.Shape)
        {
            case FormShape.Presence:
                return YamlScalar.TryBoolean(value.Value) == true ? value : null;
            case FormShape.Inverted:
                return Inverse(value);
            case FormShape.Addresses when value.Kind == YamlKind.Sequence:
                YamlNode list = YamlNode.NewSequence();
                foreach (string address in ConfigView.TextsOf(value))
                {
                    YamlNode item = YamlNode.NewMap();
                    item.Add("address", YamlNode.NewScalar(address, isText: true));
                    list.Add(null, item);
                }

                return list;
            default:
                return PatchImport.Import(value, SchemaType.Free);
        }
    }

    private static YamlNode? Reverted(YamlNode value, ConfigForm form)
    {
        switch (form.Shape)
        {
            case FormShape.Presence:
                return value;
            case FormShape.Inverted:
                return Inverse(value);
            case FormShape.Addresses when value.Kind == YamlKind.Sequence:
                YamlNode list = YamlNode.NewSequence();
                foreach (YamlEntry entry in value.Entries!)
                {
                    // DNS over TLS or HTTPS has no place in the main document.
                    if (entry.Value.Resolved is not { Kind: YamlKind.Map, Entries: [{ Key.Value: "address" }] } item)
                        return null;
                    list.Add(null, YamlNode.NewScalar(item.GetText("address")!, isText: true));
                }

                return list;
            default:
                return PatchImport.Import(value, SchemaType.Free);
        }
    }

    private static YamlNode? Inverse(YamlNode value) =>
        YamlScalar.TryBoolean(value.Value) is { } on ? YamlNode.NewScalar(on ? "false" : "true") : null;

    /// <summary>Takes a value out of a patch; parents that it leaves empty go too, and so does the document.</summary>
    private static YamlNode? Take(ConfigTree source, DocumentId id, string path)
    {
        if (source.Find(id)?.Root is not { } root || ConfigView.At(root, path) is not { } value)
            return null;
        YamlNode node = root;
        string[] keys = path.Split('.');
        foreach (string key in keys[..^1])
            node = node.Get(key)!;
        node.Remove(node.Find(keys[^1])!);
        while (node is { Entries.Count: 0, Parent: { } parent })
        {
            parent.Remove(parent.Entries!.Find(entry => ReferenceEquals(entry.Value, node))!);
            node = parent;
        }

        if (node is { Entries.Count: 0 })
            source.Remove(id);
        return value;
    }

    private static void Put(ConfigTree source, DocumentId id, string path, YamlNode value)
    {
        string[] keys = path.Split('.');
        if (source.Find(id) is null)
        {
            string header = id.Kind.Length == 0 ? $"{keys[0]}: {{}}\n" : $"apiVersion: v1alpha1\nkind: {id.Kind}\n";
            string name = id.Name.Length == 0 ? string.Empty : $"name: {id.Name}\n";
            YamlDocument document = YamlReader.Read(header + name, source.Name).Documents[0];
            source.Append(id, document);
        }

        YamlNode node = source.Find(id)!.Root!;
        foreach (string key in keys[..^1])
        {
            if (node.Find(key) is not { } entry)
                entry = node.Add(key, YamlNode.NewMap());
            else if (entry.Value.Resolved.Kind != YamlKind.Map || entry.Value.Resolved.Entries!.Count == 0)
                node.Replace(entry, YamlNode.NewMap());
            node = entry.Value.Resolved;
        }

        if (node.Find(keys[^1]) is { } there)
            node.Replace(there, value);
        else
            node.Add(keys[^1], value);
    }
}
