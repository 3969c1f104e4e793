using System.Globalization;
using System.Text.RegularExpressions;
using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Validation;

/// <summary>
/// What Talos asks of the values of one document beyond their types (siderolabs/talos pkg/machinery/config/types: the
/// Validate methods of v1.14).
/// </summary>
internal static partial class DocumentRules
{
    private static readonly ValueFormat s_address = ValueFormat.Parse("addr");
    private static readonly ValueFormat s_subnet = ValueFormat.Parse("cidr");

    /// <summary>Everything that breaks one of the rules.</summary>
    public static IEnumerable<ConfigFinding> Check(ConfigView config)
    {
        IEnumerable<ConfigFinding> documents = config.Others.SelectMany(item =>
            new DocumentView(item.Kind, item.Root).Check()
        );
        return
        [
            .. documents,
            .. Subnets(config, "machine.kubelet.nodeIP.validSubnets"),
            .. Subnets(config, "cluster.etcd.advertisedSubnets"),
            .. Subnets(config, "cluster.etcd.listenSubnets"),
        ];
    }

    private static IEnumerable<ConfigFinding> Subnets(ConfigView config, string path)
    {
        if (config.Main is { } main)
            return new DocumentView("v1alpha1", main).Subnets(path);
        return [];
    }

    // Values of a disk that are no answer by themselves.
    [GeneratedRegex(
        @"^\s*disk\.(?:size|pretty_size|io_size|sector_size|model|serial|modalias|wwid|bus_path|sub_system|transport|dev_path|uuid|symlinks)\s*$"
    )]
    private static partial Regex NoCondition();

    /// <summary>A document and the rules of its kind.</summary>
    private sealed class DocumentView(string kind, YamlNode root)
    {
        public IEnumerable<ConfigFinding> Check() =>
            kind switch
            {
                "UnattendedInstallConfig" => Condition("provisioning.diskSelector.match"),
                "RAIDArrayConfig" or "LVMVolumeGroupConfig" => Condition("provisioning.volumeSelector.match"),
                "RawVolumeConfig" or "SwapVolumeConfig" =>
                [
                    .. Condition("provisioning.diskSelector.match"),
                    .. Sizes(),
                ],
                "UserVolumeConfig" => UserVolume(),
                "VolumeConfig" or "LVMLogicalVolumeConfig" => Sizes(),
                "KubeNodeConfig" => Subnets("nodeIP.validSubnets"),
                "KubeNetworkConfig" => KubeNetwork(),
                "KubePrismConfig" => Number("port", 1, ushort.MaxValue),
                "VLANConfig" => Number("vlanID", 1, 4094),
                "BondConfig" => [.. Filled("links"), .. Filled("bondMode")],
                "BGPInstanceConfig" => When(
                    Text("routerID") is { Length: > 0 } id && id.Contains(':', StringComparison.Ordinal),
                    "routerID",
                    "an IPv6 address",
                    "one of IPv4"
                ),
                "StaticHostConfig" => When(!s_address.Takes(Text("name") ?? ""), "name", "no IP address", "one"),
                "KubeExternalManifestConfig" or "HTTPProbeConfig" => When(
                    !IsWeb(Text("url")),
                    "url",
                    "another scheme",
                    "http:// or https://"
                ),
                "KubeAPIServerCAConfig" or "KubeAggregatorCAConfig" =>
                [
                    .. Pem("issuingCA.cert"),
                    .. Pem("acceptedCAs"),
                ],
                "ContainerConfig" => Container(),
                "EtcFileConfig" => When(
                    Text("name") is "resolv.conf" or "hosts" or "machine-id",
                    "name",
                    $"'{Text("name")}', which Talos writes itself",
                    "another file"
                ),
                "NetworkRuleConfig" => Texts("portSelector.ports")
                    .SelectMany(ports =>
                        When(IsReversed(ports), "portSelector.ports", $"'{ports}'", "the lower port first")
                    ),
                "ImageVerificationConfig" => Entries("rules")
                    .SelectMany(rule => When(!Has(rule, "image"), "rules", "a rule without 'image'", "one in each")),
                "ResolverConfig" => Resolver(),
                _ => [],
            };

        public IEnumerable<ConfigFinding> Subnets(string path) =>
            Texts(path)
                .Where(text => !s_subnet.Takes(text.TrimStart('!')) && !s_address.Takes(text.TrimStart('!')))
                .Select(text => Finding(path, $"'{text}' in '{path}'", "subnets such as 192.168.1.0/24"));

        private IEnumerable<ConfigFinding> Condition(string path)
        {
            string? text = Text(path);
            return
            [
                .. When(string.IsNullOrEmpty(text), path, "nothing", "an expression that picks the disk"),
                .. When(NoCondition().IsMatch(text ?? ""), path, $"'{text}'", "an expression that is true or false"),
            ];
        }

        private IEnumerable<ConfigFinding> UserVolume()
        {
            bool onDisk = (Text("volumeType") ?? "partition").ToLowerInvariant() is "partition" or "disk";
            return onDisk ? [.. Condition("provisioning.diskSelector.match"), .. Sizes()] : Sizes();
        }

        private IEnumerable<ConfigFinding> Sizes() =>
            [.. Above("provisioning.minSize"), .. Above("provisioning.maxSize")];

        private IEnumerable<ConfigFinding> Above(string path) =>
            When(Text(path) is ['-', ..], path, "a size below zero", "one above");

        private IEnumerable<ConfigFinding> KubeNetwork()
        {
            int pods = Texts("podSubnets").Count;
            int services = Texts("serviceSubnets").Count;
            return
            [
                .. When(pods == 0, "podSubnets", "none", "one at least"),
                .. When(services == 0, "serviceSubnets", "none", "one at least"),
                .. When(
                    pods != services,
                    "podSubnets",
                    $"{pods} beside {services} of serviceSubnets",
                    "as many of each"
                ),
            ];
        }

        private IEnumerable<ConfigFinding> Container()
        {
            string? profile = Text("security.profile");
            string? network = Text("network.mode");
            List<string> targets =
            [
                .. Entries("mounts")
                    .SelectMany(mount => mount.Entries ?? [])
                    .Select(part => part.Value.GetTextResolved("destination"))
                    .OfType<string>(),
            ];
            return
            [
                .. When(
                    profile is not (null or "" or "restricted" or "privileged"),
                    "security.profile",
                    $"'{profile}'",
                    "restricted or privileged"
                ),
                .. When(
                    network is not (null or "" or "none" or "host"),
                    "network.mode",
                    $"'{network}'",
                    "none or host"
                ),
                .. targets
                    .GroupBy(target => target, StringComparer.Ordinal)
                    .Where(group => group.Count() > 1)
                    .Select(group => Finding("mounts", $"'{group.Key}' mounted twice", "each destination once")),
            ];
        }

        private IEnumerable<ConfigFinding> Resolver()
        {
            foreach (YamlNode server in Entries("nameservers"))
            {
                string protocol = server.GetText("protocol") is { Length: > 0 } text ? text : "Do53";
                bool named = Has(server, "tlsServerName");
                bool plain = protocol.Equals("Do53", StringComparison.OrdinalIgnoreCase);
                if (plain && named)
                    yield return Finding("nameservers", "a tlsServerName with Do53", "it with DoT or DoH only");
                if (protocol.Equals("DoT", StringComparison.OrdinalIgnoreCase) && !named)
                    yield return Finding("nameservers", "DoT without tlsServerName", "the name of the server");
            }

            if (IsOff("hostDNS.enabled") && IsOn("hostDNS.forwardKubeDNSToHost"))
                yield return Finding(
                    "hostDNS.forwardKubeDNSToHost",
                    "true beside hostDNS.enabled false",
                    "false while host DNS is off"
                );
        }

        private IEnumerable<ConfigFinding> Pem(string path)
        {
            YamlNode? node = ConfigView.At(root, path);
            IEnumerable<string> texts = node is { Kind: YamlKind.Scalar } ? [node.Value] : ConfigView.TextsOf(node);
            return texts
                .Where(text => text.Length > 0 && !text.Contains("-----BEGIN ", StringComparison.Ordinal))
                .Select(_ => Finding(path, "text that is no PEM", "a certificate as PEM, not as base64 of it"));
        }

        private IEnumerable<ConfigFinding> Number(string path, int least, int most)
        {
            bool good = YamlScalar.TryInteger(Text(path) ?? "", out Int128 number) && number >= least && number <= most;
            return When(!good, path, Text(path) is { } text ? $"'{text}'" : "nothing", $"{least} to {most}");
        }

        private IEnumerable<ConfigFinding> Filled(string path)
        {
            YamlNode? node = ConfigView.At(root, path);
            return When(node is null or { Entries.Count: 0 }, path, "nothing", "a value");
        }

        private IEnumerable<ConfigFinding> When(bool broken, string path, string found, string expected) =>
            broken ? [Finding(path, $"{found} for '{path}'", expected)] : [];

        private ConfigFinding Finding(string path, string found, string expected) =>
            new(
                $"found {found}, expected {expected}",
                $"Correct '{path}'.",
                kind == "v1alpha1" ? kind : DocumentId.Of(root).ToString(),
                ConfigView.At(root, path) ?? root
            );

        private string? Text(string path) =>
            ConfigView.At(root, path) is { Kind: YamlKind.Scalar } node ? node.Value : null;

        private IReadOnlyList<string> Texts(string path) => ConfigView.TextsOf(ConfigView.At(root, path));

        private IEnumerable<YamlNode> Entries(string path) =>
            (ConfigView.At(root, path)?.Entries ?? []).Select(entry => entry.Value.Resolved);

        private bool IsOff(string path) => Text(path) is { } text && YamlScalar.TryBoolean(text) == false;

        private bool IsOn(string path) => Text(path) is { } text && YamlScalar.TryBoolean(text) == true;

        private static bool Has(YamlNode node, string key) => node.GetText(key) is { Length: > 0 };

        private static bool IsWeb(string? url) =>
            url is not null
            && (
                url.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
                || url.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
            );

        private static bool IsReversed(string ports) =>
            ports.Split('-') is [var first, var last]
            && ushort.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out ushort low)
            && ushort.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out ushort high)
            && low > high;
    }
}
