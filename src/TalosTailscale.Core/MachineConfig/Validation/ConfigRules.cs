using System.Text.RegularExpressions;
using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Validation;

/// <summary>
/// The rules by which a node takes or refuses a configuration; here those of the documents that this module writes
/// (siderolabs/talos pkg/machinery/config/types: the Validate methods).
/// </summary>
internal static partial class ConfigRules
{
    /// <summary>Everything in a configuration that Talos would refuse.</summary>
    public static IEnumerable<ConfigFinding> Check(ConfigView config, TalosRules rules) =>
        [
            .. Extensions(config),
            .. Services(config),
            .. ConfigExclusions.Check(config),
            .. Hostnames(config, rules),
            .. SearchDomains(config),
            .. DocumentRules.Check(config),
            .. WholeRules.Check(config, rules),
        ];

    private static IEnumerable<ConfigFinding> Extensions(ConfigView config)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (YamlEntry entry in config.Find("machine", "install", "extensions")?.Entries ?? [])
        {
            string? image = entry.Value.GetTextResolved("image");
            if (image is not null && !seen.Add(image))
                yield return new ConfigFinding(
                    $"found the system extension '{image}' twice in machine.install.extensions, expected it once",
                    "Remove one of the two; without -ListMerge Append it is not added again.",
                    "v1alpha1",
                    entry.Value
                );
        }
    }

    private static IEnumerable<ConfigFinding> Services(ConfigView config)
    {
        foreach (YamlNode root in config.Kind("ExtensionServiceConfig"))
        {
            string name = root.GetText("name") ?? string.Empty;
            string document = DocumentId.Of(root).ToString();
            if (name.Length == 0)
                yield return new ConfigFinding(
                    "found no 'name', expected the name of the extension service",
                    "Add 'name: tailscale'.",
                    document,
                    root
                );
            List<YamlEntry> files = root.Get("configFiles")?.Entries ?? [];
            List<YamlEntry> environment = root.Get("environment")?.Entries ?? [];
            if (files.Count == 0 && environment.Count == 0)
                yield return new ConfigFinding(
                    "found neither 'environment' nor 'configFiles', expected at least one entry",
                    "Add an entry, or delete the document.",
                    document,
                    root
                );
            foreach (YamlEntry line in environment)
            {
                // What another extension does with such a text is its own affair; tailscale fills in its domain itself.
                if (
                    name == "tailscale"
                    && line.Value.Resolved is { Kind: YamlKind.Scalar } text
                    && text.Value.Replace("${TS_CERT_DOMAIN}", "", StringComparison.Ordinal)
                        .Contains("${", StringComparison.Ordinal)
                )
                    yield return new ConfigFinding(
                        $"found a placeholder in '{ListMerger.VariableName(text.Value)}', expected a value",
                        "Render the template first: New-TsExtensionServiceConfig.",
                        document,
                        line.Value
                    );
            }

            foreach (YamlEntry file in files)
            {
                string missing =
                    string.IsNullOrEmpty(file.Value.GetTextResolved("content")) ? "content"
                    : string.IsNullOrEmpty(file.Value.GetTextResolved("mountPath")) ? "mountPath"
                    : string.Empty;
                if (missing.Length > 0)
                    yield return new ConfigFinding(
                        $"found a file of 'configFiles' without '{missing}', expected a value",
                        $"Add '{missing}'.",
                        document,
                        file.Value
                    );
            }
        }
    }

    // Talos writes them into resolv.conf as they are, where a blank makes two of one and anything else none.
    private static IEnumerable<ConfigFinding> SearchDomains(ConfigView config)
    {
        IEnumerable<(string Document, YamlNode? List)> lists =
        [
            ("v1alpha1", config.Find("machine", "network", "searchDomains")),
            .. config
                .Kind("ResolverConfig")
                .Select(root => ("ResolverConfig", ConfigView.At(root, "searchDomains.domains"))),
        ];
        foreach ((string document, YamlNode? list) in lists)
        {
            foreach (YamlEntry entry in list?.Entries ?? [])
            {
                if (entry.Value.Resolved is { Kind: YamlKind.Scalar } text && !Domain().IsMatch(text.Value))
                    yield return new ConfigFinding(
                        $"found '{text.Value}' among the search domains, expected the name of a domain",
                        "Write it as example.org: letters, digits, hyphens, underscores and dots.",
                        document,
                        entry.Value
                    );
            }
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_.-]+\z")]
    private static partial Regex Domain();

    private static IEnumerable<ConfigFinding> Hostnames(ConfigView config, TalosRules rules)
    {
        YamlNode? document = config.Kind("HostnameConfig").FirstOrDefault();
        if (document is null)
            yield break;
        string auto = (document.GetText("auto") ?? string.Empty).ToLowerInvariant();
        string host = document.GetText("hostname") ?? string.Empty;
        bool nameless = host.Length == 0 && (auto.Length == 0 || (auto == "off" && !rules.HostnameMayBeOff));
        if (auto is not ("" or "off" or "stable"))
            yield return new ConfigFinding(
                $"found 'auto: {auto}', expected stable or off",
                "Set 'auto: off' beside a 'hostname', or 'auto: stable' without one.",
                "HostnameConfig",
                document.Get("auto")
            );
        else if (nameless)
            yield return new ConfigFinding(
                "found neither a 'hostname' nor 'auto: stable', expected one of the two",
                "Add 'hostname' or set 'auto: stable'.",
                "HostnameConfig",
                document
            );
        else if (auto == "stable" && host.Length > 0)
            yield return new ConfigFinding(
                "found 'auto: stable' beside 'hostname', expected one of the two",
                "Set 'auto: off' to keep the host name.",
                "HostnameConfig",
                document.Get("auto")
            );
        int first = host.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot ? dot : host.Length;
        if (host.Length > 253 || (host.Length > 0 && first is 0 or > 63))
            yield return new ConfigFinding(
                "found a host name that is too long or begins with a dot, expected labels of 1 to 63 and 253 characters in all",
                "Shorten it.",
                "HostnameConfig",
                document.Get("hostname")
            );
    }
}
