using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

public sealed class ConfigValidatorTests
{
    private const string Main = "version: v1alpha1\nmachine:\n  type: controlplane\n";
    private const string Service =
        "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY=tskey-client-a-b\n  - TS_ACCEPT_DNS=true\n";

    [Theory]
    [InlineData(
        "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\n",
        "ExtensionServiceConfig/tailscale"
    )]
    [InlineData("---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nenvironment: [A=1]\n", "'name'")]
    [InlineData(
        "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: x\nconfigFiles:\n  - content: a\n",
        "line 9, column 5"
    )]
    [InlineData(
        "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY=${TAILSCALE_AUTHKEY}\n",
        "placeholder"
    )]
    [InlineData(
        "  network: {nameservers: [1.1.1.1]}\n---\napiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: 1.1.1.1}]\n",
        "machine.network.nameservers"
    )]
    [InlineData(
        "  network: {hostname: a}\n---\napiVersion: v1alpha1\nkind: HostnameConfig\nauto: stable\n",
        "machine.network.hostname"
    )]
    [InlineData("---\napiVersion: v1alpha1\nkind: HostnameConfig\nauto: stable\nhostname: a\n", "'auto: stable'")]
    [InlineData("  install: {extensions: [{image: a/b:1}, {image: a/b:1}]}\n", "a/b:1")]
    public void What_Talos_refuses_is_refused_here(string rest, string words)
    {
        TsException error = Assert.Throws<TsException>(() => ConfigValidator.Check(Main, Main + rest, "node"));

        Assert.Equal("MachineConfigInvalid", error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);

        // What the node has accepted already is no reason to refuse another change.
        Assert.NotNull(ConfigValidator.Check(Main + rest, Main + rest, "node", new Version(1, 9)));
    }

    [Fact]
    public void Every_hazard_has_a_warning_and_a_fix()
    {
        string config =
            Main
            + "  network: {nameservers: [1.1.1.1, 100.100.100.100]}\n  install: {extensions: [{image: a}]}\n"
            + Service;

        IReadOnlyList<MachineConfigWarning> warnings = ConfigValidator.Check(Main, config, "node", new Version(1, 12));

        Assert.Equal(
            ["EtcdSubnetsMissing", "InstallExtensionsIgnored", "NodeIpSubnetsMissing", "TailnetDnsNotFirst"],
            warnings.Select(warning => warning.Code).Order()
        );
        Assert.All(warnings, warning => Assert.False(string.IsNullOrEmpty(warning.Fix)));
        Assert.Equal(
            "MachineConfigWarningsRefused",
            Assert.Throws<TsException>(() => ConfigValidator.Check(Main, config, "node", strict: true)).ErrorId
        );
    }

    [Fact]
    public void Extensions_count_before_1_10() =>
        Assert.Empty(
            ConfigValidator.Check(Main, Main + "  install: {extensions: [{image: a}]}\n", "node", new Version(1, 9))
        );
}
