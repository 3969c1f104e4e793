using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Validation;

/// <summary>What Talos accepts and what then works against the tailnet or the cluster.</summary>
internal static class ConfigAdvice
{
    private const string TailnetResolver = "100.100.100.100";

    // From this version on the list of extensions in the configuration decides nothing.
    private static readonly Version s_extensionsIgnored = new(1, 10);

    /// <summary>The warnings for a configuration.</summary>
    /// <param name="config">The configuration as it will be.</param>
    /// <param name="version">The node's Talos; null when not known, as offline.</param>
    public static IEnumerable<MachineConfigWarning> Check(ConfigView config, Version? version)
    {
        IReadOnlyList<MachineConfigWarning> general = [.. Extensions(config, version), .. Resolvers(config)];
        return config.TailscaleEnvironment() is { } environment
            ? [.. general, .. Addresses(config), .. Service(environment)]
            : general;
    }

    private static IEnumerable<MachineConfigWarning> Extensions(ConfigView config, Version? version)
    {
        bool any = config.Find("machine", "install", "extensions") is { Entries.Count: > 0 };
        if (any && (version is null || version >= s_extensionsIgnored))
            yield return new MachineConfigWarning(
                "InstallExtensionsIgnored",
                "machine.install.extensions has no effect since Talos 1.10.",
                "Take the extension from the boot image: New-TalosSchematic, then Invoke-UkiSwap or Update-TalosNode."
            );
    }

    private static IEnumerable<MachineConfigWarning> Resolvers(ConfigView config)
    {
        IReadOnlyList<string> servers = config.Nameservers();
        int at = servers.ToList().IndexOf(TailnetResolver);
        if (at > 0)
            yield return new MachineConfigWarning(
                "TailnetDnsNotFirst",
                $"{TailnetResolver} is resolver {at + 1} of {servers.Count}; names of the tailnet do not resolve, since the first answer counts.",
                "Delete the list and set it anew with 100.100.100.100 first (two patches: nameservers with '$patch: delete', then the list)."
            );
    }

    // siderolabs/extensions#337: the node takes the lowest address, and 100.64/10 is below 192.168/16 and 172.16/12.
    private static IEnumerable<MachineConfigWarning> Addresses(ConfigView config)
    {
        if (config.Main is not null && config.Texts("machine", "kubelet", "nodeIP", "validSubnets").Count == 0)
            yield return new MachineConfigWarning(
                "NodeIpSubnetsMissing",
                "machine.kubelet.nodeIP.validSubnets is not set; the kubelet may take the tailnet address as the node's own.",
                "Set it to the LAN, for example 192.168.1.0/24, before the extension runs."
            );
        if (config.IsControlPlane && config.Texts("cluster", "etcd", "advertisedSubnets").Count == 0)
            yield return new MachineConfigWarning(
                "EtcdSubnetsMissing",
                "cluster.etcd.advertisedSubnets is not set; etcd may announce the tailnet address to its peers.",
                "Set it to the LAN before the extension runs."
            );
    }

    private static IEnumerable<MachineConfigWarning> Service(Dictionary<string, string> environment)
    {
        if (environment.TryGetValue("TS_ACCEPT_DNS", out string? dns) && YamlScalar.TryBoolean(dns) == true)
            yield return new MachineConfigWarning(
                "AcceptDnsOnTalos",
                "TS_ACCEPT_DNS is true; tailscale cannot write /etc/resolv.conf on Talos.",
                "Set TS_ACCEPT_DNS=false and give the resolvers in the machine configuration."
            );
        if (!environment.TryGetValue("TS_AUTH_ONCE", out string? once) || YamlScalar.TryBoolean(once) != true)
            yield return new MachineConfigWarning(
                "AuthOnceUnset",
                "TS_AUTH_ONCE is not set; an expired key takes the node out of the tailnet at its next restart.",
                "Set TS_AUTH_ONCE=true."
            );
        string? key = environment.GetValueOrDefault("TS_AUTHKEY") ?? environment.GetValueOrDefault("TS_AUTH_KEY");
        bool oauth = key?.StartsWith("tskey-client-", StringComparison.Ordinal) == true;
        bool tags =
            environment.GetValueOrDefault("TS_EXTRA_ARGS")?.Contains("--advertise-tags", StringComparison.Ordinal)
            == true;
        if (oauth && !tags)
            yield return new MachineConfigWarning(
                "OAuthKeyWithoutTags",
                "TS_AUTHKEY is an OAuth client secret, and TS_EXTRA_ARGS asks for no tags.",
                "Add TS_EXTRA_ARGS=--advertise-tags=tag:… (New-TsExtensionServiceConfig -Tag)."
            );
        if (key?.StartsWith("tskey-api-", StringComparison.Ordinal) == true)
            yield return new MachineConfigWarning(
                "ApiKeyAsAuthKey",
                "TS_AUTHKEY is an API access token, with which a node cannot log in.",
                "Use an auth key (tskey-auth-) or an OAuth client secret (tskey-client-)."
            );
    }
}
