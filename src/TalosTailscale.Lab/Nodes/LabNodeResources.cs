using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Google.Protobuf;

namespace TalosTailscale.Lab.Nodes;

/// <summary>A node's state as COSI resources, with the namespaces, types, ids and spec keys of siderolabs/talos pkg/machinery/resources.</summary>
internal static class LabNodeResources
{
    // A config is a long text that is looked at much more often than it changes.
    private static readonly ConditionalWeakTable<LabMachineConfig, LabResource> s_configs = [];

    internal static IEnumerable<LabResource> Of(LabNode node) =>
        node.IsApiUp
            ?
            [
                .. Config(node),
                .. Machine(node),
                .. Boot(node),
                .. Network(node),
                .. Services(node),
                .. Cluster(node),
                .. LabDiskResources.Of(node),
            ]
            : [];

    private static IEnumerable<LabResource> Config(LabNode node)
    {
        yield return s_configs.GetValue(node.ActiveConfig, MachineConfig);
        yield return new(
            "config",
            "MachineTypes.config.talos.dev",
            "machine-type",
            node.IsControlPlane ? "controlplane\n" : "worker\n"
        );
        if (node.Minor >= 10)
            yield return s_configs.GetValue(node.PersistentConfig, MachineConfig) with
            {
                Id = "persistent",
            };
        foreach (var document in node.Config.Documents.Where(d => d.Kind == "ExtensionServiceConfig"))
        {
            var yaml = new StringBuilder();
            var environment = document.Texts("environment");
            yaml.Append(environment.Count > 0 ? "environment:\n" : "");
            foreach (var entry in environment)
                yaml.Append("    - ").Append(Quote(entry)).Append('\n');
            yield return new(
                "runtime",
                "ExtensionServiceConfigs.runtime.talos.dev",
                document.Name,
                yaml.Length > 0 ? yaml.ToString() : "{}\n"
            );
        }
    }

    // The YAML of the spec is one string scalar that holds the whole text; the proto has the bytes (field 1).
    private static LabResource MachineConfig(LabMachineConfig config)
    {
        var bytes = Encoding.UTF8.GetBytes(config.Text);
        using var proto = new MemoryStream();
        using (var output = new CodedOutputStream(proto, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(bytes));
        }

        return new("config", "MachineConfigs.config.talos.dev", "v1alpha1", LabYaml.Block(config.Text))
        {
            Version = config.Version,
            Proto = proto.ToArray(),
            Annotations = new Dictionary<string, string> { ["talos.dev/yaml-spec"] = "string" },
        };
    }

    private static IEnumerable<LabResource> Machine(LabNode node)
    {
        var unmet =
            node.UnmetConditions.Count == 0
                ? " []\n"
                : "\n"
                    + string.Concat(
                        node.UnmetConditions.Select(c =>
                            $"        - name: {c.Name}\n          reason: {Quote(c.Reason)}\n"
                        )
                    );
        yield return new(
            "runtime",
            "MachineStatuses.runtime.talos.dev",
            "machine",
            $"stage: {StageName(node.Stage)}\nstatus:\n    ready: {Bool(node.IsReady)}\n    unmetConditions:{unmet}"
        );
        yield return new(
            "runtime",
            "PlatformMetadatas.talos.dev",
            "platformmetadata",
            $"platform: metal\nhostname: {node.Hostname}\n"
        );
        if (node.Minor >= 10)
            yield return new("runtime", "Versions.runtime.talos.dev", "version", $"version: {node.TalosVersion}\n");
        yield return new(
            "hardware",
            "SystemInformations.hardware.talos.dev",
            "systeminformation",
            $"manufacturer: Lab\nproductName: Board {node.GoArchitecture}\n"
                + $"serialnumber: LAB{node.MachineId[..8].ToUpperInvariant()}\nuuid: {node.SystemUuid}\n"
        );
        yield return new(
            "k8s",
            "Nodenames.kubernetes.talos.dev",
            "nodename",
            $"nodename: {node.Nodename}\nhostnameVersion: \"1\"\nskipNodeRegistration: false\n"
        );
        if (node.IsKubernetesReady)
        {
            yield return new(
                "k8s",
                "NodeIPs.kubernetes.talos.dev",
                "kubelet",
                $"addresses:\n    - {LabNodeAddresses.NodeIp(node)}\n"
            );
            yield return new(
                "k8s",
                "NodeStatuses.kubernetes.talos.dev",
                node.Nodename,
                $"nodename: {node.Nodename}\nnodeReady: true\nunschedulable: false\n"
            );
        }
    }

    private static IEnumerable<LabResource> Boot(LabNode node)
    {
        foreach (var extension in node.Extensions)
        {
            var yaml =
                $"image: {extension.Layer}.sqsh\nmetadata:\n    name: {extension.Name}\n    version: {Quote(extension.Version)}\n"
                + "    author: Sidero Labs\n    description: |\n        [core] This system extension.\n    compatibility:\n        talos:\n            version: '>= v1.0.0'\n"
                + (
                    extension.ExtraInfo is null
                        ? ""
                        : "    extraInfo: " + LabYaml.Block(extension.ExtraInfo, "        ")
                );
            yield return new("runtime", "ExtensionStatuses.runtime.talos.dev", extension.Layer, yaml);
        }

        var security = new StringBuilder(
            $"secureBoot: {Bool(node.Options.SecureBoot)}\nukiSigningKeyFingerprint: \"\"\n"
        );
        security.Append(
            CultureInfo.InvariantCulture,
            $"pcrSigningKeyFingerprint: \"{(node.BootedByKexec ? "" : node.BootedUki?.PcrKeyFingerprint)}\"\nselinuxState: enabled, permissive\n"
        );
        if (node.Minor >= 10)
            security.Append(CultureInfo.InvariantCulture, $"bootedWithUKI: {Bool(node.Options.BootsWithUki)}\n");
        if (node.Minor >= 11)
            security.Append("fipsState: disabled\n");
        if (node.Minor >= 12)
            security.Append("moduleSignatureEnforced: true\n");
        yield return new("runtime", "SecurityStates.talos.dev", "securitystate", security.ToString());
        if (node.Minor < 11)
            yield break;
        yield return new("runtime", "BootedEntries.talos.dev", "bootedentry", $"bootedEntry: {node.BootedEntry}\n");
        yield return new(
            "runtime",
            "KernelCmdlines.runtime.talos.dev",
            "cmdline",
            $"cmdline: {Quote(node.KernelCommandLine)}\n"
        );
    }

    private static IEnumerable<LabResource> Network(LabNode node)
    {
        yield return new(
            "network",
            "HostnameStatuses.net.talos.dev",
            "hostname",
            $"hostname: {node.Hostname}\ndomainname: {Quote(node.Domainname)}\n"
        );
        string[] routed = [.. LabNodeAddresses.Routed(node).Select(a => LabNodeAddresses.Cidr(node, a))];
        var address = LabNodeAddresses.Cidr(node, node.Address);
        string[] current = [PodBridge(node), "127.0.0.1/8", .. routed];
        yield return Addresses("default", [address]);
        yield return Addresses("current", current);
        yield return Addresses("accumulative", current);
        yield return Addresses("routed", routed);
        yield return Addresses("current-no-k8s", current[1..]);
        yield return Addresses("routed-no-k8s", routed);
        yield return new(
            "network",
            "ResolverStatuses.net.talos.dev",
            "resolvers",
            "dnsServers:\n" + string.Concat(LabResolvers.Of(node).Select(r => $"    - {r}\n")) + "searchDomains: []\n"
        );
        yield return Link("enp1s0", "ether", "", "up", physical: true);
        yield return Address("enp1s0", address);
        yield return Link("cni0", "ether", "bridge", "up", physical: false);
        yield return Link("flannel.1", "ether", "vxlan", "unknown", physical: false);
        yield return Route("", "enp1s0", "main");
        if (node.TailnetAddress is not { } tailnet)
            yield break;
        yield return Link("tailscale0", "none", "tun", "unknown", physical: false);
        yield return Address("tailscale0", LabNodeAddresses.Cidr(node, tailnet));
        yield return Route("100.64.0.0/10", "tailscale0", "52");
        yield return Route("100.100.100.100/32", "tailscale0", "52");
    }

    private static LabResource Route(string destination, string link, string table) =>
        new(
            "network",
            "RouteStatuses.net.talos.dev",
            $"{link}/{table}/{destination}",
            $"family: inet4\ndst: {Quote(destination)}\nsrc: \"\"\ngateway: \"\"\noutLinkName: {link}\ntable: {Quote(table)}\npriority: 1024\nscope: link\ntype: unicast\nprotocol: static\n"
        );

    private static IEnumerable<LabResource> Services(LabNode node) =>
        node.Services.All.Select(s => new LabResource(
            "runtime",
            "Services.v1alpha1.talos.dev",
            s.Id,
            $"running: {Bool(s.State == "Running")}\nhealthy: {Bool(s.Healthy ?? false)}\nunknown: {Bool(s.Healthy is null)}\n"
        ));

    private static IEnumerable<LabResource> Cluster(LabNode node)
    {
        var legacy = node.Config.Legacy;
        yield return new("cluster", "Identities.cluster.talos.dev", "local", $"nodeId: {node.NodeId}\n");
        yield return new(
            "cluster",
            "Infos.cluster.talos.dev",
            "current",
            $"clusterId: {Quote(legacy.Text("cluster", "id") ?? "")}\nclusterName: {legacy.Text("cluster", "clusterName")}\n"
        );

        // Without discovery there is no affiliate of the node itself either (controllers/cluster/local_affiliate.go).
        var known = legacy.Text("cluster", "discovery", "enabled") == "false" ? [] : Known(node);
        foreach (var member in known.Where(n => n.IsKnown).DistinctBy(n => n.Nodename))
        {
            yield return new(
                "cluster",
                "Members.cluster.talos.dev",
                member.Nodename,
                $"nodeId: {member.NodeId}\naddresses:\n    - {member.Address}\nhostname: {member.Fqdn}\nmachineType: "
                    + $"{(member.IsControlPlane ? "controlplane\ncontrolPlane:\n    port: 6443" : "worker")}\noperatingSystem: Talos ({member.TalosVersion})\n"
            );
        }

        if (node.Cluster.Etcd.MemberOf(node) is not { } etcd)
            yield break;
        yield return new("etcd", "EtcdMembers.etcd.talos.dev", "local", $"memberID: {etcd.Id:x16}\n");
        yield return new(
            "etcd",
            "EtcdSpecs.etcd.talos.dev",
            "etcd",
            $"name: {node.Hostname}\nadvertisedAddresses:\n    - {LabNodeAddresses.Etcd(node)}\nimage: registry.k8s.io/etcd:v3.6.7\n"
        );
    }

    // In a fleet for measuring, the list of all in each would be a million resources.
    private static IEnumerable<LabNode> Known(LabNode node) =>
        node.Cluster.Nodes.Count <= 64
            ? node.Cluster.Nodes
            : node.Cluster.Nodes.Where(n => n.IsControlPlane || n == node);

    private static LabResource Addresses(string id, IReadOnlyList<string> addresses) =>
        new(
            "network",
            "NodeAddresses.net.talos.dev",
            id,
            "addresses:\n" + string.Concat(addresses.Select(a => $"    - {a}\n")) + "sortAlgorithm: v1\n"
        );

    private static LabResource Address(string link, string address) =>
        new(
            "network",
            "AddressStatuses.net.talos.dev",
            $"{link}/{address}",
            $"address: {address}\nlinkName: {link}\nfamily: {Family(address)}\nscope: global\n"
        );

    private static string Family(string address) => address.Contains(':', StringComparison.Ordinal) ? "inet6" : "inet4";

    private static LabResource Link(string name, string type, string kind, string state, bool physical) =>
        new(
            "network",
            "LinkStatuses.net.talos.dev",
            name,
            $"type: {type}\nlinkState: true\noperationalState: {state}\nkind: \"{kind}\"\nphysical: {Bool(physical)}\nmtu: {(physical ? 1500 : 1280)}\n"
        );

    // The first address of the node's share of the pod network.
    private static string PodBridge(LabNode node) =>
        node.Network == LabNetwork.IPv6 ? "fd12:3456:789a:f400::1/64" : "10.244.0.1/24";

    private static string StageName(LabStage stage) =>
        stage == LabStage.ShuttingDown ? "shutting down" : stage.ToString().ToLowerInvariant();

    private static string Bool(bool value) => value ? "true" : "false";

    private static string Quote(string value) => LabYaml.Quote(value);
}
