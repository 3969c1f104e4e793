using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Lab.Nodes;

/// <summary>What Talos demands of the documents of a machine config, beyond their form.</summary>
internal static class LabConfigRules
{
    // v1alpha1_runtime.go, CanApplyImmediate: what of the legacy document may change without a reboot.
    private static readonly HashSet<string> s_immediateMachine = new(StringComparer.Ordinal)
    {
        "ca",
        "acceptedCAs",
        "time",
        "certSANs",
        "install",
        "network",
        "sysfs",
        "sysctls",
        "logging",
        "controlPlane",
        "kubelet",
        "kernel",
        "registries",
        "pods",
        "seccompProfiles",
        "nodeAnnotations",
        "nodeLabels",
        "nodeTaints",
    };

    private static readonly HashSet<string> s_immediateFeatures = new(StringComparer.Ordinal)
    {
        "kubernetesTalosAPIAccess",
        "kubePrism",
        "hostDNS",
        "imageCache",
        "nodeAddressSortAlgorithm",
    };

    internal static void Check(IReadOnlyList<LabConfigDocument> documents)
    {
        var legacy = documents.First(d => d.IsLegacy);
        List<string> errors = [.. Legacy(legacy)];
        foreach (var document in documents)
        {
            errors.AddRange(
                document.Kind switch
                {
                    "ExtensionServiceConfig" => ExtensionService(document),
                    "HostnameConfig" => Hostname(document, legacy),
                    "ResolverConfig" => Resolver(legacy),
                    _ => [],
                }
            );
        }

        if (errors.Count > 0)
        {
            throw new LabConfigException(
                $"configuration validation failed: {errors.Count} error{(errors.Count == 1 ? "" : "s")} occurred:\n"
                    + string.Concat(errors.Select(e => $"\t* {e}\n"))
                    + "\n"
            );
        }
    }

    /// <summary>The paths that differ between two legacy documents and need a reboot.</summary>
    internal static IReadOnlyList<string> NotImmediate(LabConfigDocument before, LabConfigDocument after)
    {
        var changed = new List<string>();
        foreach (var key in Differences(before.At("machine"), after.At("machine")))
        {
            if (key == "features")
            {
                changed.AddRange(
                    Differences(before.At("machine", "features"), after.At("machine", "features"))
                        .Where(f => !s_immediateFeatures.Contains(f))
                        .Select(f => "machine.features." + f)
                );
            }
            else if (!s_immediateMachine.Contains(key))
            {
                changed.Add("machine." + key);
            }
        }

        return changed;
    }

    private static IEnumerable<string> Legacy(LabConfigDocument legacy)
    {
        if (legacy.Text("machine", "type") is not ("controlplane" or "init" or "worker" or null))
            yield return $"machine type {legacy.Text("machine", "type")} is not valid";
        if (legacy.At("machine") is null)
            yield return "machine instructions are required";
        if (legacy.At("cluster") is null)
            yield return "cluster instructions are required";
        else if (legacy.Text("cluster", "controlPlane", "endpoint") is null)
            yield return "cluster controlplane endpoint is required";
        var extensions = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in (legacy.At("machine", "install", "extensions") as YamlSequenceNode)?.Children ?? [])
        {
            var image = new LabConfigDocument("", "", item as YamlMappingNode ?? []).Text("image") ?? "";
            if (!extensions.Add(image))
                yield return $"duplicate system extension \"{image}\"";
        }
    }

    private static IEnumerable<string> ExtensionService(LabConfigDocument document)
    {
        if (document.Name.Length == 0)
            yield return "name is required";
        var files = (document.At("configFiles") as YamlSequenceNode)?.Children ?? [];
        if (files.Count == 0 && document.Texts("environment").Count == 0)
            yield return $"no config files found for extension \"{document.Name}\"";
        foreach (var file in files)
        {
            var item = new LabConfigDocument("", "", file as YamlMappingNode ?? []);
            if (string.IsNullOrEmpty(item.Text("content")))
                yield return $"extension content is required for extension \"{document.Name}\"";
            if (string.IsNullOrEmpty(item.Text("mountPath")))
                yield return $"extension mount path is required for extension \"{document.Name}\"";
        }
    }

    private static IEnumerable<string> Hostname(LabConfigDocument document, LabConfigDocument legacy)
    {
        var auto = document.Text("auto");
        var name = document.Text("hostname");
        if (auto is null && name is null)
            yield return "either 'auto' or 'hostname' must be set";
        if (auto == "stable" && name is not null)
            yield return "'auto' and 'hostname' cannot be set at the same time";
        if (legacy.Text("machine", "network", "hostname") is not null)
            yield return "static hostname is already set in v1alpha1 config";
        if (auto == "stable" && legacy.Text("machine", "features", "stableHostname") == "true")
            yield return "stable hostname is already set in v1alpha1 config";
    }

    private static IEnumerable<string> Resolver(LabConfigDocument legacy)
    {
        foreach (var key in (string[])["nameservers", "searchDomains", "disableSearchDomain"])
        {
            if (legacy.At("machine", "network", key) is not null)
                yield return $".machine.network.{key} is already set in v1alpha1 config";
        }
    }

    private static IEnumerable<string> Differences(YamlNode? before, YamlNode? after)
    {
        var left = (before as YamlMappingNode)?.Children ?? new YamlMappingNode().Children;
        var right = (after as YamlMappingNode)?.Children ?? new YamlMappingNode().Children;
        foreach (var key in left.Keys.Union(right.Keys))
        {
            if (!left.TryGetValue(key, out var l) || !right.TryGetValue(key, out var r) || !l.Equals(r))
                yield return (key as YamlScalarNode)?.Value ?? "";
        }
    }
}
