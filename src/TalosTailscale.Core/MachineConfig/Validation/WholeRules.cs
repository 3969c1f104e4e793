using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Validation;

/// <summary>
/// What Talos asks of a configuration as a whole (siderolabs/talos pkg/machinery/config/container/validate.go of v1.14).
/// </summary>
internal static class WholeRules
{
    /// <summary>Everything that breaks one of the rules.</summary>
    public static IEnumerable<ConfigFinding> Check(ConfigView config, TalosRules rules) =>
        [
            .. Kinds(config, rules),
            .. Machine(config),
            .. Discovery(config),
            .. Encryption(config, rules),
            .. Resolvers(config),
            .. Containers(config),
        ];

    private static IEnumerable<ConfigFinding> Kinds(ConfigView config, TalosRules rules)
    {
        bool worker = config.Text("machine", "type") is { Length: > 0 } && !config.IsControlPlane;
        foreach ((string kind, YamlNode root) in config.Others)
        {
            if (!rules.Has(kind))
                yield return new ConfigFinding(
                    $"found a {kind}, which Talos has since {TalosSchema.Instance.Since(kind)!.ToString(2)}, expected only kinds that Talos {rules.Talos} knows",
                    ConfigForms.All.FirstOrDefault(form => form.Kind == kind) is { } form
                        ? $"Use the main document there, such as {form.Old}, or upgrade the node first."
                        : "Leave it out, or upgrade the node first.",
                    kind,
                    root
                );
            if (worker && TalosSchema.Instance.IsControlPlaneOnly(kind))
                yield return new ConfigFinding(
                    $"found a {kind} on a worker, expected it on control plane nodes only",
                    "Leave the document out on this node.",
                    kind,
                    root
                );
        }
    }

    private static IEnumerable<ConfigFinding> Machine(ConfigView config)
    {
        string? type = config.Text("machine", "type");
        if (config.Find("machine") is not { Entries.Count: > 0 })
            yield return new ConfigFinding(
                "found no 'machine' in the main document, expected the node's settings",
                "Keep the main document: a node does not take a configuration without it.",
                "v1alpha1",
                config.Main
            );
        if (type is not (null or "" or "controlplane" or "init" or "worker" or "join"))
            yield return new ConfigFinding(
                $"found the machine type '{type}', expected controlplane or worker",
                "Correct 'machine.type'.",
                "v1alpha1",
                config.Find("machine", "type")
            );
        if (type == "worker" && config.Find("cluster", "etcd") is { } etcd)
            yield return new ConfigFinding(
                "found cluster.etcd on a worker, expected it on control plane nodes only",
                "Leave cluster.etcd out on this node.",
                "v1alpha1",
                etcd
            );
    }

    private static IEnumerable<ConfigFinding> Discovery(ConfigView config)
    {
        bool service = config.Kind("DiscoveryServiceConfig").Any();
        YamlNode? identity = config.Kind("DiscoveryIdentityConfig").FirstOrDefault();
        foreach ((string old, string key) in new[] { ("id", "clusterID"), ("secret", "clusterSecret") })
        {
            bool set = config.Text("cluster", old) is { Length: > 0 } || identity?.GetText(key) is { Length: > 0 };
            if (service && !set)
                yield return new ConfigFinding(
                    $"found a DiscoveryServiceConfig without the cluster's {old}, expected cluster.{old} or DiscoveryIdentityConfig {key}",
                    $"Keep the {old}; without discovery delete the DiscoveryServiceConfig.",
                    "DiscoveryServiceConfig",
                    identity
                );
        }

        bool span =
            IsOn(config.Kind("KubeSpanConfig").FirstOrDefault()?.GetText("enabled"))
            || IsOn(config.Text("machine", "network", "kubespan", "enabled"));
        if (span && !service && !IsOn(config.Text("cluster", "discovery", "enabled")))
            yield return new ConfigFinding(
                "found KubeSpan enabled without cluster discovery, expected both",
                "Add a DiscoveryServiceConfig (cluster.discovery up to 1.13), or disable KubeSpan.",
                "KubeSpanConfig",
                null
            );
    }

    private static IEnumerable<ConfigFinding> Encryption(ConfigView config, TalosRules rules)
    {
        bool runsApiServer =
            config.IsControlPlane
            && (config.Find("cluster", "ca") is not null || config.Kind("KubeAPIServerCAConfig").Any());
        bool encrypts =
            config.Kind("KubeEtcdEncryptionConfig").Any()
            || config.Text("cluster", "secretboxEncryptionSecret") is { Length: > 0 }
            || config.Text("cluster", "aescbcEncryptionSecret") is { Length: > 0 };
        if (rules.Talos >= new Version(1, 14) && runsApiServer && !encrypts)
            yield return new ConfigFinding(
                "found a control plane without encryption of etcd, expected a KubeEtcdEncryptionConfig or cluster.secretboxEncryptionSecret",
                "Keep the encryption: without its key the API server cannot read the secrets that are there.",
                "KubeEtcdEncryptionConfig",
                null
            );
    }

    private static IEnumerable<ConfigFinding> Resolvers(ConfigView config)
    {
        YamlNode? server = config
            .Kind("ResolverConfig")
            .SelectMany(root => root.Get("nameservers")?.Entries ?? [])
            .Select(entry => entry.Value.Resolved)
            .FirstOrDefault(entry =>
                entry.GetText("protocol") is { Length: > 0 } protocol
                && !protocol.Equals("Do53", StringComparison.OrdinalIgnoreCase)
            );
        bool hostDns = ConfigForms.Value(config, ConfigForms.HostDns) is { } enabled && IsOn(enabled.Value);
        if (server is not null && !hostDns)
            yield return new ConfigFinding(
                "found a resolver with DoT or DoH while host DNS is off, expected hostDNS.enabled true",
                "Enable host DNS, or ask that resolver by Do53.",
                "ResolverConfig",
                server
            );
    }

    private static IEnumerable<ConfigFinding> Containers(ConfigView config)
    {
        Dictionary<string, IReadOnlyList<string>> needs = config
            .Kind("ContainerConfig")
            .ToDictionary(
                root => root.GetText("name") ?? string.Empty,
                root => ConfigView.TextsOf(root.Get("dependsOn")?.Get("containers")),
                StringComparer.Ordinal
            );
        foreach ((string name, IReadOnlyList<string> wanted) in needs)
        {
            string document = "ContainerConfig/" + name;
            foreach (string missing in wanted.Where(other => !needs.ContainsKey(other)))
                yield return new ConfigFinding(
                    $"found a dependency on the container '{missing}', expected one that is there",
                    "Correct 'dependsOn.containers'.",
                    document,
                    null
                );
            if (Reaches(needs, wanted, name))
                yield return new ConfigFinding(
                    "found a container that waits for itself by 'dependsOn.containers', expected no circle",
                    "Take one of the dependencies out.",
                    document,
                    null
                );
        }
    }

    private static bool Reaches(
        Dictionary<string, IReadOnlyList<string>> needs,
        IReadOnlyList<string> from,
        string target
    )
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(from);
        while (open.TryPop(out string? name))
        {
            if (name == target)
                return true;
            if (!seen.Add(name) || !needs.TryGetValue(name, out IReadOnlyList<string>? further))
                continue;
            foreach (string other in further)
                open.Push(other);
        }

        return false;
    }

    private static bool IsOn(string? text) => text is not null && YamlScalar.TryBoolean(text) == true;
}
