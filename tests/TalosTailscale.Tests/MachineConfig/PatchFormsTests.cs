using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Patches in one form on configurations that have the other.</summary>
public sealed class PatchFormsTests
{
    private const string Main = "version: v1alpha1\nmachine:\n  type: controlplane\n";
    private static readonly Version s_talos = new(1, 14, 4);

    [Theory]
    [InlineData(
        "machine: {kubelet: {nodeIP: {validSubnets: [192.168.1.0/24]}}}",
        "---\napiVersion: v1alpha1\nkind: KubeNodeConfig\nlabels:\n  a: b\n",
        "nodeIP:\n  validSubnets:\n    - 192.168.1.0/24\n"
    )]
    [InlineData(
        "machine: {nodeLabels: {rack: r2}}",
        "---\napiVersion: v1alpha1\nkind: KubeNodeConfig\nlabels:\n  rack: r1\n",
        "labels:\n  rack: r2\n"
    )]
    [InlineData(
        "machine: {install: {image: factory.talos.dev/metal-installer/x:v1.14.4}}",
        "---\napiVersion: v1alpha1\nkind: UnattendedInstallConfig\ninstaller:\n  image: a\nprovisioning:\n  diskSelector:\n    match: system_disk\n",
        "installer:\n  image: factory.talos.dev/metal-installer/x:v1.14.4\nprovisioning:\n  diskSelector:\n    match: system_disk\n"
    )]
    [InlineData(
        "machine: {features: {hostDNS: {forwardKubeDNSToHost: false}}}",
        "---\napiVersion: v1alpha1\nkind: ResolverConfig\nhostDNS:\n  enabled: true\n  forwardKubeDNSToHost: true\n",
        "hostDNS:\n  enabled: true\n  forwardKubeDNSToHost: false\n"
    )]
    [InlineData(
        "machine: {features: {kubernetesTalosAPIAccess: {enabled: true, allowedRoles: [os:admin]}}}",
        "---\napiVersion: v1alpha1\nkind: KubeTalosAPIAccessConfig\nallowedRoles:\n  - os:reader\n",
        "allowedRoles:\n  - os:reader\n  - os:admin\n"
    )]
    [InlineData(
        "cluster: {apiServer: {certSANs: [api.lab.example.org]}}",
        "---\napiVersion: v1alpha1\nkind: KubeAPIServerConfig\nimage: i\n",
        "image: i\ncertExtraSANs:\n  - api.lab.example.org\n"
    )]
    [InlineData(
        "cluster: {network: {podSubnets: [10.0.0.0/16], serviceSubnets: [10.1.0.0/16]}}",
        "---\napiVersion: v1alpha1\nkind: KubeNetworkConfig\npodSubnets:\n  - 10.244.0.0/16\nserviceSubnets:\n  - 10.96.0.0/12\n",
        "podSubnets:\n  - 10.0.0.0/16\nserviceSubnets:\n  - 10.1.0.0/16\n"
    )]
    [InlineData(
        "cluster: {proxy: {disabled: true}}",
        "---\napiVersion: v1alpha1\nkind: KubeProxyConfig\nimage: i\n",
        "image: i\nenabled: false\n"
    )]
    [InlineData(
        "cluster: {discovery: {enabled: true, registries: {service: {endpoint: https://d.lab.example.org/}}}}",
        "---\napiVersion: v1alpha1\nkind: DiscoveryIdentityConfig\nclusterID: aaaa\nclusterSecret: bbbb\n---\napiVersion: v1alpha1\nkind: DiscoveryServiceConfig\nname: default\nendpoint: https://discovery.talos.dev/\n",
        "name: default\nendpoint: https://d.lab.example.org/\n"
    )]
    public void A_legacy_patch_goes_to_the_document_that_the_node_has(string patch, string documents, string end)
    {
        (string text, AdaptedPatches adapted) = Patch(Main + documents, patch);

        Assert.NotEmpty(adapted.Notes);
        Assert.EndsWith(end, text, StringComparison.Ordinal);
        Assert.StartsWith(Main + "---\n", text, StringComparison.Ordinal);
        Assert.Equal(text, Patch(text, patch).Text);
    }

    [Theory]
    [InlineData(
        "apiVersion: v1alpha1\nkind: KubeNodeConfig\nnodeIP: {validSubnets: [192.168.1.0/24]}\n",
        "  nodeLabels:\n    a: b\n",
        "  kubelet:\n    nodeIP:\n      validSubnets:\n        - 192.168.1.0/24\n"
    )]
    [InlineData(
        "apiVersion: v1alpha1\nkind: UnattendedInstallConfig\ninstaller: {image: x}\n",
        "  install:\n    disk: /dev/sda\n",
        "  install:\n    disk: /dev/sda\n    image: x\n"
    )]
    [InlineData(
        "apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: 100.100.100.100}]\n",
        "  network:\n    nameservers:\n      - 1.1.1.1\n",
        "    nameservers:\n      - 100.100.100.100\n      - 1.1.1.1\n"
    )]
    [InlineData(
        "apiVersion: v1alpha1\nkind: KubePrismConfig\nport: 7446\n",
        "  features:\n    kubePrism:\n      enabled: false\n",
        "    kubePrism:\n      enabled: true\n      port: 7446\n"
    )]
    public void A_document_goes_to_the_key_that_the_node_has(string patch, string old, string end)
    {
        (string text, AdaptedPatches adapted) = Patch(Main + old, patch);

        Assert.NotEmpty(adapted.Notes);
        Assert.EndsWith(end, text, StringComparison.Ordinal);
        Assert.DoesNotContain("---", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "machine: {kubelet: {nodeIP: {validSubnets: [10.0.0.0/8]}, extraMounts: [{destination: /a, type: bind, source: /a}]}}",
        "---\napiVersion: v1alpha1\nkind: KubeletConfig\nimage: i\n",
        "machine.kubelet"
    )]
    [InlineData(
        "machine: {install: {extraKernelArgs: [a=b]}}",
        "---\napiVersion: v1alpha1\nkind: UnattendedInstallConfig\nprovisioning:\n  diskSelector:\n    match: system_disk\n",
        "machine.install"
    )]
    [InlineData(
        "apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: 1.1.1.1, protocol: DoT, tlsServerName: one}]\n",
        "  network:\n    nameservers:\n      - 1.1.1.1\n",
        "machine.network.nameservers"
    )]
    [InlineData(
        "cluster: {allowSchedulingOnControlPlanes: true}",
        "---\napiVersion: v1alpha1\nkind: KubeNodeConfig\nlabels:\n  a: b\n",
        "cluster.allowSchedulingOnControlPlanes"
    )]
    public void What_does_not_fit_whole_is_refused_by_name(string patch, string rest, string key)
    {
        TsException error = Assert.Throws<TsException>(() => Patch(Main + rest, patch));

        Assert.Equal("MachineConfigInvalid", error.ErrorId);
        Assert.Contains($" beside {key},", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.RecommendedAction!);
    }

    [Fact]
    public void A_node_before_1_14_gets_a_new_document_in_its_own_form()
    {
        (string text, _) = Patch(
            Main,
            "apiVersion: v1alpha1\nkind: KubeNodeConfig\nnodeIP: {validSubnets: [192.168.1.0/24]}\n",
            new Version(1, 12, 4)
        );

        Assert.EndsWith(
            "  kubelet:\n    nodeIP:\n      validSubnets:\n        - 192.168.1.0/24\n",
            text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_node_before_1_14_refuses_a_document_without_another_form()
    {
        TsException error = Assert.Throws<TsException>(() =>
            Patch(Main, "apiVersion: v1alpha1\nkind: FilesystemTrimConfig\ninterval: 24h\n", new Version(1, 13, 9))
        );

        Assert.Contains("Talos has since 1.14", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.14.4", true)]
    [InlineData("1.10.0", true)]
    [InlineData(null, true)]
    [InlineData("1.9.6", false)]
    public void The_list_of_extensions_is_left_out_where_it_decides_nothing(string? talos, bool leftOut)
    {
        const string patch = "machine: {install: {extensions: [{image: ghcr.io/siderolabs/tailscale:1.94.1}]}}";

        AdaptedPatches adapted = PatchForms.Adapt(
            Main,
            [new ConfigPatch(patch, "p")],
            talos: talos is null ? null : Version.Parse(talos)
        );

        Assert.Equal(leftOut ? 0 : 1, adapted.Patches.Count);
        Assert.Equal(leftOut ? 1 : 0, adapted.Warnings.Count);
        Assert.All(adapted.Warnings, warning => Assert.Equal("InstallExtensionsIgnored", warning.Code));
    }

    [Fact]
    public void With_Append_the_list_of_extensions_keeps_the_meaning_of_Talos()
    {
        AdaptedPatches adapted = PatchForms.Adapt(
            Main,
            [new ConfigPatch("machine: {install: {disk: /dev/sda, extensions: [{image: a}]}}", "p")],
            talos: s_talos,
            mode: ListMerge.Append
        );
        string text = MachineConfigPatcher.Apply(Main, adapted.Patches, ListMerge.Append).Text;

        Assert.Contains("extensions:", text, StringComparison.Ordinal);
        Assert.Contains(ConfigValidator.Check(Main, text, "node", s_talos), warning =>
            warning.Code == "InstallExtensionsIgnored"
        );
    }

    private static (string Text, AdaptedPatches Adapted) Patch(string config, string patch, Version? talos = null)
    {
        AdaptedPatches adapted = PatchForms.Adapt(config, [new ConfigPatch(patch, "p")], talos: talos ?? s_talos);
        string text = MachineConfigPatcher.Apply(config, adapted.Patches, talos: talos ?? s_talos).Text;
        ConfigValidator.Check(config, text, "node", talos ?? s_talos);
        return (text, adapted);
    }
}
