using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Each piece of advice about a configuration, followed literally on each form that a node has.</summary>
public sealed class AdviceTests
{
    private const string Service =
        "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n"
        + "  - TS_AUTHKEY=file:/k\n  - TS_AUTH_ONCE=true\n";

    // What Talos 1.12 generates, what 1.14 does, and an upgraded node in between; as far as the advice is about it.
    private static readonly Dictionary<string, string> s_forms = new(StringComparer.Ordinal)
    {
        ["legacy"] =
            "version: v1alpha1\nmachine:\n  type: controlplane\n  kubelet:\n    image: k\n  network:\n    nameservers:\n"
            + "      - 1.1.1.1\n      - 100.100.100.100\n  install:\n    disk: /dev/sda\n"
            + "    image: factory.talos.dev/metal-installer/x:v1.12.4\ncluster:\n  clusterName: lab\n",
        ["generated"] =
            "version: v1alpha1\nmachine:\n  type: controlplane\ncluster:\n  token: t\n---\n"
            + "apiVersion: v1alpha1\nkind: KubeClusterConfig\nclusterName: lab\n---\n"
            + "apiVersion: v1alpha1\nkind: KubeNodeConfig\nlabels:\n  a: b\n---\n"
            + "apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers:\n  - address: 1.1.1.1\n  - address: 100.100.100.100\n"
            + "---\napiVersion: v1alpha1\nkind: UnattendedInstallConfig\ninstaller:\n"
            + "  image: factory.talos.dev/metal-installer/x:v1.12.4\nprovisioning:\n  diskSelector:\n    match: system_disk\n",
        ["half"] =
            "version: v1alpha1\nmachine:\n  type: controlplane\n  kubelet:\n    image: k\ncluster:\n  clusterName: lab\n---\n"
            + "apiVersion: v1alpha1\nkind: KubeNodeConfig\nlabels:\n  a: b\n---\n"
            + "apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers:\n  - address: 1.1.1.1\n  - address: 100.100.100.100\n"
            + "---\napiVersion: v1alpha1\nkind: UnattendedInstallConfig\ninstaller:\n"
            + "  image: factory.talos.dev/metal-installer/x:v1.12.4\nprovisioning:\n  diskSelector:\n    match: system_disk\n",
    };

    private static readonly Version s_talos = new(1, 14, 4);

    public static TheoryData<string> Forms => [.. s_forms.Keys];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Followed_literally_no_warning_is_left(string form)
    {
        string config = s_forms[form] + Service;
        IReadOnlyList<MachineConfigWarning> warnings = Check(config, config, form);
        Assert.Equal(
            ["EtcdSubnetsMissing", "InstallImageOfAnotherTalos", "NodeIpSubnetsMissing", "TailnetDnsNotFirst"],
            warnings.Select(warning => warning.Code).Order()
        );

        foreach (MachineConfigWarning warning in warnings)
        {
            string before = config;
            foreach (string patch in PatchesOf(warning))
                config = Follow(config, patch);
            Assert.NotEqual(before, config);
            Assert.DoesNotContain(Check(before, config, form), left => left.Code == warning.Code);
        }

        Assert.Empty(Check(config, config, form));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Each_place_that_is_named_is_one_that_the_node_takes(string form)
    {
        string config = s_forms[form] + Service;
        foreach (MachineConfigWarning warning in Check(config, config, form))
        {
            bool document = PlaceOf(warning).Contains(' ', StringComparison.Ordinal);
            bool hasDocuments = form != "legacy" && warning.Code != "EtcdSubnetsMissing";
            Assert.Equal(hasDocuments, document);
        }
    }

    // The advice as patches: the key that it names, with the value that it names.
    private static string[] PatchesOf(MachineConfigWarning warning)
    {
        string place = PlaceOf(warning);
        return warning.Code switch
        {
            "TailnetDnsNotFirst" => [At(place, "{$patch: delete}"), At(place, Resolvers(place))],
            "InstallImageOfAnotherTalos" => [At(place, "factory.talos.dev/metal-installer/x:v1.14.4")],
            _ => [At(place, "[192.168.1.0/24]")],
        };
    }

    private static string PlaceOf(MachineConfigWarning warning)
    {
        string text = warning.Code == "TailnetDnsNotFirst" ? warning.Fix.Split("two patches: ")[1] : warning.Message;
        string[] words = text.Split(' ');
        return char.IsUpper(words[0][0]) ? $"{words[0]} {words[1]}" : words[0];
    }

    private static string Resolvers(string place) =>
        place.StartsWith("ResolverConfig", StringComparison.Ordinal)
            ? "[{address: 100.100.100.100}, {address: 1.1.1.1}]"
            : "[100.100.100.100, 1.1.1.1]";

    private static string At(string place, string value)
    {
        string[] parts = place.Split(' ');
        string head = parts.Length > 1 ? $"apiVersion: v1alpha1\nkind: {parts[0]}\n" : string.Empty;
        string[] keys = parts[^1].Split('.');
        return head
            + string.Concat(keys[..^1].Select((key, depth) => $"{new string(' ', depth * 2)}{key}:\n"))
            + $"{new string(' ', (keys.Length - 1) * 2)}{keys[^1]}: {value}\n";
    }

    private static string Follow(string config, string patch)
    {
        AdaptedPatches adapted = PatchForms.Adapt(config, [new ConfigPatch(patch, "advice")], talos: s_talos);
        Assert.Empty(adapted.Notes);
        return MachineConfigPatcher.Apply(config, adapted.Patches, talos: s_talos).Text;
    }

    private static IReadOnlyList<MachineConfigWarning> Check(string before, string after, string form) =>
        ConfigValidator.Check(before, after, form, s_talos);
}
