using System.Text.RegularExpressions;
using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Validation;

/// <summary>What Talos accepts and what then works against the tailnet or the cluster.</summary>
internal static partial class ConfigAdvice
{
    /// <summary>The warnings for a configuration.</summary>
    /// <param name="config">The configuration as it will be.</param>
    /// <param name="version">The node's Talos; null when not known, as offline.</param>
    public static IEnumerable<MachineConfigWarning> Check(ConfigView config, Version? version)
    {
        IReadOnlyList<MachineConfigWarning> general =
        [
            .. Extensions(config, version),
            .. Image(config, version),
            .. Resolvers(config, version),
        ];
        return config.TailscaleEntries() is not null ? [.. general, .. Addresses(config, version)] : general;
    }

    private static IEnumerable<MachineConfigWarning> Extensions(ConfigView config, Version? version)
    {
        bool any = config.Find("machine", "install", "extensions") is { Entries.Count: > 0 };
        if (any && ExtensionsIgnored.Since(version))
            yield return ExtensionsIgnored.Warning("machine.install.extensions");
    }

    private static IEnumerable<MachineConfigWarning> Image(ConfigView config, Version? version)
    {
        string image = ConfigForms.Value(config, ConfigForms.InstallImage)?.Value ?? string.Empty;
        Match tag = Tag().Match(image);
        if (version is null || !tag.Success)
            yield break;
        var named = new Version(tag.Groups[1].Value);
        if (named.Major != version.Major || named.Minor != version.Minor)
            yield return new MachineConfigWarning(
                "InstallImageOfAnotherTalos",
                $"{ConfigForms.PlaceOf(config, ConfigForms.InstallImage, version)} is of Talos {named}, and the node runs {version}; its next installation would bring {named}.",
                $"Bring the tag of the image along: v{version}."
            );
    }

    [GeneratedRegex(@":v(\d{1,4}\.\d{1,4}\.\d{1,4})(?:-[\w.]+)?(?:@|$)")]
    private static partial Regex Tag();

    private static IEnumerable<MachineConfigWarning> Resolvers(ConfigView config, Version? version)
    {
        IReadOnlyList<string> servers = config.Nameservers();
        int at = servers.ToList().IndexOf(ListMerger.TailnetResolver);
        string place = ConfigForms.PlaceOf(config, ConfigForms.Nameservers, version);
        if (at > 0)
            yield return new MachineConfigWarning(
                "TailnetDnsNotFirst",
                $"{ListMerger.TailnetResolver} is resolver {at + 1} of {servers.Count}; names of the tailnet do not resolve, since the first answer counts.",
                $"Delete the list and set it anew with {ListMerger.TailnetResolver} first (two patches: {place} with '$patch: delete', then the list)."
            );
    }

    // siderolabs/extensions#337: the node takes the lowest address, and 100.64/10 is below 192.168/16 and 172.16/12.
    private static IEnumerable<MachineConfigWarning> Addresses(ConfigView config, Version? version)
    {
        string place = ConfigForms.PlaceOf(config, ConfigForms.NodeSubnets, version);
        if (config.Main is not null && ConfigForms.Texts(config, ConfigForms.NodeSubnets).Count == 0)
            yield return new MachineConfigWarning(
                "NodeIpSubnetsMissing",
                $"{place} is not set; the kubelet may take the tailnet address as the node's own.",
                "Set it to the LAN, for example 192.168.1.0/24, before the extension runs."
            );
        if (config.IsControlPlane && config.Texts("cluster", "etcd", "advertisedSubnets").Count == 0)
            yield return new MachineConfigWarning(
                "EtcdSubnetsMissing",
                "cluster.etcd.advertisedSubnets is not set; etcd may announce the tailnet address to its peers.",
                "Set it to the LAN before the extension runs."
            );
    }
}
