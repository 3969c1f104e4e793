using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// Resolvers and host name have two forms since Talos 1.12, and a configuration may have one only. A patch in the other
/// form is rewritten to the one that the configuration has.
/// </summary>
public static class PatchForms
{
    /// <summary>Rewrites patches to the forms of a configuration.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="patches">The patches.</param>
    /// <param name="notes">What was rewritten, for the user.</param>
    /// <param name="name">The node or file, for messages.</param>
    /// <returns>The patches, those without need as they are.</returns>
    public static IReadOnlyList<ConfigPatch> Adapt(
        string config,
        IReadOnlyList<ConfigPatch> patches,
        out IReadOnlyList<string> notes,
        string name = "machine configuration"
    )
    {
        ArgumentNullException.ThrowIfNull(patches);
        notes = [];
        if (!patches.Any(MayHaveForms))
            return patches;
        ConfigTree tree = ConfigTree.Read(config, name);
        var said = new List<string>();
        bool resolver = tree.HasKind("ResolverConfig");
        bool hostname = tree.HasKind("HostnameConfig");
        var main = tree.Find(new DocumentId(string.Empty, string.Empty, string.Empty))?.Root;
        YamlNode? network = main?.Get("machine")?.Get("network");
        bool legacyResolvers =
            network?.Get("nameservers") is { Entries.Count: > 0 }
            || network?.Get("searchDomains") is { Entries.Count: > 0 };
        bool legacyName = network?.GetText("hostname") is { Length: > 0 };
        var adapted = new List<ConfigPatch>();
        foreach (ConfigPatch patch in patches)
        {
            if (!MayHaveForms(patch) || !IsStrategic(patch))
            {
                adapted.Add(patch);
                continue;
            }

            ConfigTree source = ConfigTree.Read(patch.Text, patch.Name);
            int before = said.Count;
            if (resolver)
                ResolversToDocument(source, patch.Name, said);
            else if (legacyResolvers)
                ResolversToMain(source, patch.Name, said);
            if (hostname)
                HostnameToDocument(source, patch.Name, said);
            else if (legacyName)
                HostnameToMain(source, patch.Name, said);
            adapted.Add(
                said.Count == before
                    ? patch
                    : new ConfigPatch(MachineConfigPatcher.Write(source, patch.Text).Text, patch.Name)
            );
        }

        notes = said;
        return adapted;
    }

    private static bool MayHaveForms(ConfigPatch patch) =>
        patch.Text.Contains("network", StringComparison.Ordinal)
        || patch.Text.Contains("ResolverConfig", StringComparison.Ordinal)
        || patch.Text.Contains("HostnameConfig", StringComparison.Ordinal);

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

    private static YamlNode? Network(ConfigTree source) =>
        source.Find(new DocumentId(string.Empty, string.Empty, string.Empty))?.Root?.Get("machine")?.Get("network");

    private static void ResolversToDocument(ConfigTree source, string patch, List<string> said)
    {
        YamlNode? network = Network(source);
        List<string> servers = [.. Validation.ConfigView.TextsOf(network?.Get("nameservers"))];
        List<string> domains = [.. Validation.ConfigView.TextsOf(network?.Get("searchDomains"))];
        string? disable = network?.GetText("disableSearchDomain");
        if ((servers.Count == 0 && domains.Count == 0 && disable is null) || source.HasKind("ResolverConfig"))
            return;
        var text = new System.Text.StringBuilder("apiVersion: v1alpha1\nkind: ResolverConfig\n");
        if (servers.Count > 0)
            text.Append("nameservers:\n");
        foreach (string server in servers)
            text.Append("  - address: ").Append(server).Append('\n');
        if (domains.Count > 0 || disable is not null)
            text.Append("searchDomains:\n");
        if (domains.Count > 0)
            text.Append("  domains:\n");
        foreach (string domain in domains)
            text.Append("    - ").Append(domain).Append('\n');
        if (disable is not null)
            text.Append("  disableDefault: ").Append(disable).Append('\n');
        RemoveKeys(source, "nameservers", "searchDomains", "disableSearchDomain");
        Append(source, text.ToString(), patch);
        said.Add($"'{patch}': the node has a ResolverConfig, so the resolvers go there instead of machine.network.");
    }

    private static void ResolversToMain(ConfigTree source, string patch, List<string> said)
    {
        var id = new DocumentId("v1alpha1", "ResolverConfig", string.Empty);
        if (source.Find(id)?.Root is not { } root)
            return;
        List<string> servers =
        [
            .. (root.Get("nameservers")?.Entries ?? []).Select(entry =>
                entry.Value.GetTextResolved("address") ?? string.Empty
            ),
        ];
        YamlNode network = MainNetwork(source);
        YamlNode list = YamlNode.NewSequence();
        foreach (string server in servers)
            list.Add(null, YamlNode.NewScalar(server, isText: true));
        if (servers.Count > 0 && network.Find("nameservers") is null)
            network.Add("nameservers", list);
        YamlNode domains = YamlNode.NewSequence();
        foreach (string domain in Validation.ConfigView.TextsOf(root.Get("searchDomains")?.Get("domains")))
            domains.Add(null, YamlNode.NewScalar(domain, isText: true));
        if (domains.Entries!.Count > 0 && network.Find("searchDomains") is null)
            network.Add("searchDomains", domains);
        if (root.Get("searchDomains")?.GetText("disableDefault") is { } disable)
            network.Add("disableSearchDomain", YamlNode.NewScalar(disable));
        source.Remove(id);
        said.Add(
            $"'{patch}': the node has machine.network.nameservers, so the resolvers go there instead of a ResolverConfig."
        );
    }

    private static void HostnameToDocument(ConfigTree source, string patch, List<string> said)
    {
        string? host = Network(source)?.GetText("hostname");
        if (string.IsNullOrEmpty(host) || source.HasKind("HostnameConfig"))
            return;
        RemoveKeys(source, "hostname");
        Append(source, $"apiVersion: v1alpha1\nkind: HostnameConfig\nauto: off\nhostname: {host}\n", patch);
        said.Add($"'{patch}': the node has a HostnameConfig, so the host name goes there instead of machine.network.");
    }

    private static void HostnameToMain(ConfigTree source, string patch, List<string> said)
    {
        var id = new DocumentId("v1alpha1", "HostnameConfig", string.Empty);
        if (source.Find(id)?.Root?.GetText("hostname") is not { Length: > 0 } host)
            return;
        YamlNode network = MainNetwork(source);
        if (network.Find("hostname") is null)
            network.Add("hostname", YamlNode.NewScalar(host, isText: true));
        source.Remove(id);
        said.Add(
            $"'{patch}': the node has machine.network.hostname, so the host name goes there instead of a HostnameConfig."
        );
    }

    private static YamlNode MainNetwork(ConfigTree source)
    {
        var id = new DocumentId(string.Empty, string.Empty, string.Empty);
        if (source.Find(id) is null)
            Append(source, "machine:\n  network: {}\n", source.Name);
        YamlNode root = source.Find(id)!.Root!;
        foreach (string key in new[] { "machine", "network" })
        {
            if (root.Find(key) is not { } entry)
                entry = root.Add(key, YamlNode.NewMap());
            else if (entry.Value.Resolved.Kind != YamlKind.Map)
                root.Replace(entry, YamlNode.NewMap());
            root = entry.Value.Resolved;
        }

        return root;
    }

    private static void RemoveKeys(ConfigTree source, params string[] keys)
    {
        YamlNode network = Network(source)!;
        foreach (string key in keys)
        {
            if (network.Find(key) is { } entry)
                network.Remove(entry);
        }

        // What is empty now would add empty maps.
        YamlNode? node = network;
        while (node is { Entries.Count: 0, Parent: { } parent })
        {
            parent.Remove(parent.Entries!.Find(entry => ReferenceEquals(entry.Value, node))!);
            node = parent;
        }

        if (node is { Entries.Count: 0 })
            source.Remove(new DocumentId(string.Empty, string.Empty, string.Empty));
    }

    private static void Append(ConfigTree source, string text, string patch)
    {
        YamlDocument document = YamlReader.Read(text, patch).Documents[0];
        source.Append(DocumentId.Of(document.Root!), document);
    }
}
