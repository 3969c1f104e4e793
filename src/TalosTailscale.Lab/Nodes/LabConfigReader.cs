using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Lab.Nodes;

/// <summary>A machine config that the node does not take, with Talos's text.</summary>
internal sealed class LabConfigException(string message) : Exception(message);

/// <summary>
/// Reads and checks a multi-document machine config as Talos does (pkg/machinery/config: configloader, container,
/// types): unknown kinds and keys, duplicates, conflicts between documents, and what each document demands.
/// </summary>
internal static class LabConfigReader
{
    private static readonly Dictionary<string, int> s_kinds = new(StringComparer.Ordinal)
    {
        // The first minor version of Talos 1 that knows the kind.
        ["ExtensionServiceConfig"] = 7,
        ["KmsgLogConfig"] = 5,
        ["EventSinkConfig"] = 5,
        ["SideroLinkConfig"] = 5,
        ["NetworkDefaultActionConfig"] = 6,
        ["NetworkRuleConfig"] = 6,
        ["WatchdogTimerConfig"] = 7,
        ["TrustedRootsConfig"] = 7,
        ["KubespanEndpoints"] = 5,
        ["VolumeConfig"] = 8,
        ["UserVolumeConfig"] = 10,
        ["SwapVolumeConfig"] = 11,
        ["RawVolumeConfig"] = 11,
        ["ExistingVolumeConfig"] = 11,
        ["EthernetConfig"] = 10,
        ["PCIDriverRebindConfig"] = 10,
        ["ZswapConfig"] = 11,
        ["OOMConfig"] = 12,
        ["HostnameConfig"] = 12,
        ["ResolverConfig"] = 12,
        ["TimeSyncConfig"] = 12,
        ["LinkConfig"] = 12,
        ["LinkAliasConfig"] = 12,
        ["VLANConfig"] = 12,
        ["BondConfig"] = 12,
        ["BridgeConfig"] = 12,
        ["DummyLinkConfig"] = 12,
        ["DHCPv4Config"] = 12,
        ["DHCPv6Config"] = 12,
        ["StaticHostConfig"] = 12,
        ["WireguardConfig"] = 12,
        ["Layer2VIPConfig"] = 12,
        ["HCloudVIPConfig"] = 12,
        ["RegistryMirrorConfig"] = 12,
        ["RegistryAuthConfig"] = 12,
        ["RegistryTLSConfig"] = 12,
        ["EnvironmentConfig"] = 12,
        ["SecurityProfileConfig"] = 13,
    };

    private static readonly Dictionary<string, string[]> s_keys = new(StringComparer.Ordinal)
    {
        [""] = ["version", "debug", "persist", "machine", "cluster"],
        ["machine"] =
        [
            "type",
            "token",
            "ca",
            "acceptedCAs",
            "certSANs",
            "controlPlane",
            "kubelet",
            "pods",
            "network",
            "disks",
            "install",
            "files",
            "env",
            "time",
            "sysctls",
            "sysfs",
            "registries",
            "systemDiskEncryption",
            "features",
            "udev",
            "logging",
            "kernel",
            "seccompProfiles",
            "baseRuntimeSpecOverrides",
            "nodeLabels",
            "nodeAnnotations",
            "nodeTaints",
        ],
        ["cluster"] =
        [
            "id",
            "secret",
            "controlPlane",
            "clusterName",
            "network",
            "token",
            "aescbcEncryptionSecret",
            "secretboxEncryptionSecret",
            "ca",
            "acceptedCAs",
            "aggregatorCA",
            "serviceAccount",
            "apiServer",
            "controllerManager",
            "proxy",
            "scheduler",
            "discovery",
            "etcd",
            "coreDNS",
            "externalCloudProvider",
            "extraManifests",
            "extraManifestHeaders",
            "inlineManifests",
            "adminKubeconfig",
            "allowSchedulingOnControlPlanes",
        ],
        ["ExtensionServiceConfig"] = ["apiVersion", "kind", "name", "configFiles", "environment"],
        ["HostnameConfig"] = ["apiVersion", "kind", "auto", "hostname"],
        ["ResolverConfig"] = ["apiVersion", "kind", "nameservers", "searchDomains", "hostDNS"],
    };

    /// <summary>Reads a config.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="minor">The minor version of the node's Talos 1.</param>
    /// <exception cref="LabConfigException">The node would refuse it.</exception>
    internal static IReadOnlyList<LabConfigDocument> Read(string text, int minor)
    {
        var documents = new List<LabConfigDocument>();
        foreach (var root in Load(text))
        {
            var document = ToDocument(root, minor);
            if (documents.Exists(d => d.Kind == document.Kind && d.Name == document.Name))
            {
                throw new LabConfigException(
                    document.IsLegacy
                        ? "duplicate v1alpha1.Config document is not allowed"
                        : $"duplicate document v1alpha1/{document.Kind}/{document.Name} is not allowed"
                );
            }

            documents.Add(document);
        }

        if (!documents.Exists(d => d.IsLegacy))
        {
            throw new LabConfigException(
                "the applied machine configuration doesn't contain v1alpha1 config, did you mean to patch the machine config instead?"
            );
        }

        LabConfigRules.Check(documents);
        return documents;
    }

    private static IEnumerable<YamlMappingNode> Load(string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new LabConfigException($"error decoding document: yaml: line {e.Start.Line}: {e.Message}");
        }

        foreach (var document in stream.Documents)
        {
            if (document.RootNode is YamlScalarNode { Value: null or "" or "null" or "~" })
                continue;
            yield return document.RootNode as YamlMappingNode
                ?? throw new LabConfigException("error decoding document: expected a mapping");
        }
    }

    private static LabConfigDocument ToDocument(YamlMappingNode root, int minor)
    {
        var document = new LabConfigDocument("", "", root);
        var kind = document.Text("kind");
        if (kind is null)
        {
            if (document.Text("version") != "v1alpha1")
                throw new LabConfigException("error decoding document: missing kind");
            CheckKeys("", root);
            CheckKeys("machine", document.At("machine"));
            CheckKeys("cluster", document.At("cluster"));
            return document;
        }

        if (document.Text("apiVersion") is not "v1alpha1" || !s_kinds.TryGetValue(kind, out var since) || minor < since)
            throw new LabConfigException(
                $"error decoding document {document.Text("apiVersion")}/{kind}/: \"{kind}\" \"{document.Text("apiVersion")}\": not registered"
            );
        CheckKeys(kind, root);
        return document with { Kind = kind, Name = document.Text("name") ?? "" };
    }

    private static void CheckKeys(string place, YamlNode? node)
    {
        if (node is not YamlMappingNode map || !s_keys.TryGetValue(place, out var known))
            return;
        var unknown = map.Children.Keys.OfType<YamlScalarNode>().Where(k => !known.Contains(k.Value)).ToList();
        if (unknown.Count > 0)
        {
            throw new LabConfigException(
                "unknown keys found during decoding:\n" + string.Concat(unknown.Select(k => $"{k.Value}: …\n"))
            );
        }
    }
}
