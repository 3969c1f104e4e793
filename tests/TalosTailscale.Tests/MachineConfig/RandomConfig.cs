using System.Globalization;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Random configurations and patches as trees: dictionaries, lists, texts, numbers, booleans.</summary>
internal sealed class RandomConfig(Random random)
{
    private static readonly string[] s_texts =
    [
        "a",
        "b",
        "c",
        "two words",
        "true",
        "1.5",
        "x: y",
        "# no comment",
        "'single'",
        "\"double\"",
        "multi\nline",
        "three\n\nlines\n",
        "ключ",
        "-dash",
        "- item",
        "100.100.100.100",
        "http://x:1/y?z#f",
        "&anchor",
        "*star",
        "!bang",
        "%percent",
        "@at",
        "`tick",
        "{flow}",
        "[list]",
        "a,b",
        "null",
        "~",
        "yes",
        "off",
        "017",
        "0x1f",
        "2001-01-01",
        "end:",
        "tab\tinside",
        " lead",
        "trail ",
        "\n lead",
        "?",
        "a: b: c",
        "back\\slash",
        "emoji 🚀",
        "=",
        "<<",
        "---",
        "12:30:45",
    ];

    private static readonly string[] s_keys =
    [
        "alpha",
        "beta",
        "gamma.delta/eps",
        "zeta",
        "with space",
        "true",
        "12",
        "key:colon",
    ];

    public List<Dictionary<string, object?>> Config(bool isPatch)
    {
        var documents = new List<Dictionary<string, object?>>();
        if (!isPatch || Chance(70))
            documents.Add(Main(isPatch));
        foreach (string name in new[] { "tailscale", "nut-client" })
            if (Chance(isPatch ? 40 : 70))
                documents.Add(Service(name));
        if (documents.Count == 0)
            documents.Add(Service("tailscale"));
        return documents;
    }

    private bool Chance(int percent) => random.Next(100) < percent;

    private string Text() => s_texts[random.Next(s_texts.Length)];

    private Dictionary<string, object?> Main(bool isPatch)
    {
        var root = new Dictionary<string, object?>();
        if (!isPatch)
            root["version"] = "v1alpha1";
        var machine = new Dictionary<string, object?>();
        if (!isPatch || Chance(20))
            machine["type"] = "worker";
        Maybe(machine, "certSANs", () => Texts());
        Maybe(machine, "sysctls", () => Map(Text));
        Maybe(machine, "nodeLabels", () => Map(() => Chance(15) ? string.Empty : Text()));
        Maybe(machine, "kubelet", Kubelet);
        Maybe(machine, "network", Network);
        Maybe(machine, "install", Install);
        if (machine.Count > 0)
            root["machine"] = machine;
        Maybe(root, "cluster", () =>
        {
            var cluster = new Dictionary<string, object?>();
            Maybe(cluster, "clusterName", () => Chance(10) ? string.Empty : Text());
            Maybe(cluster, "network", () => new Dictionary<string, object?> { ["podSubnets"] = Texts() });
            return cluster;
        });
        if (root.Count == 0)
            root["machine"] = new Dictionary<string, object?> { ["type"] = "worker" };
        return root;
    }

    private Dictionary<string, object?> Kubelet()
    {
        var kubelet = new Dictionary<string, object?>();
        Maybe(kubelet, "extraConfig", () => new Dictionary<string, object?>
            {
                ["n"] = (long)random.Next(3),
                ["t"] = Text(),
                ["m"] = Map(Text),
                ["l"] = Texts(),
                ["f"] = Chance(50),
            });
        Maybe(kubelet, "extraArgs", () => Map(Text));
        Maybe(kubelet, "extraMounts", () =>
            Many(() => new Dictionary<string, object?> { ["destination"] = Text(), ["options"] = Texts() })
        );
        return kubelet;
    }

    private Dictionary<string, object?> Network()
    {
        var network = new Dictionary<string, object?>();
        Maybe(network, "interfaces", () => Distinct("interface", () =>
            {
                var device = new Dictionary<string, object?>
                {
                    ["interface"] = "eth" + random.Next(3).ToString(CultureInfo.InvariantCulture),
                };
                Maybe(device, "mtu", () => (long)random.Next(2) * 1500);
                Maybe(device, "dhcp", () => Chance(50));
                Maybe(device, "addresses", () => Texts());
                return device;
            }));
        Maybe(network, "kubespan", () =>
            new Dictionary<string, object?> { ["enabled"] = Chance(50), ["mtu"] = (long)random.Next(2) * 1420 }
        );
        return network;
    }

    private Dictionary<string, object?> Install()
    {
        var install = new Dictionary<string, object?>();
        Maybe(install, "wipe", () => Chance(50));
        Maybe(install, "disk", () => Chance(10) ? string.Empty : Text());
        Maybe(install, "extensions", () =>
            Distinct(
                "image",
                () => new Dictionary<string, object?> { ["image"] = $"ghcr.io/x/e{random.Next(3)}:{random.Next(3)}" },
                imageName: true
            )
        );
        return install;
    }

    private Dictionary<string, object?> Service(string name)
    {
        var service = new Dictionary<string, object?>
        {
            ["apiVersion"] = "v1alpha1",
            ["kind"] = "ExtensionServiceConfig",
            ["name"] = name,
        };
        Maybe(service, "environment", () =>
            Many(() => $"V{random.Next(4)}={Text()}").DistinctBy(v => ((string)v!).Split('=')[0]).ToList()
        );
        Maybe(service, "configFiles", () =>
            Distinct("mountPath", () =>
                new Dictionary<string, object?>
                {
                    ["content"] = Text(),
                    ["mountPath"] = "/etc/" + random.Next(3).ToString(CultureInfo.InvariantCulture),
                }
            )
        );
        return service;
    }

    private void Maybe(Dictionary<string, object?> map, string key, Func<object?> make)
    {
        if (Chance(60))
            map[key] = make();
    }

    private List<object?> Texts() => Many(() => Text()).Distinct().ToList();

    private List<object?> Many(Func<object?> make) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => make())];

    private List<object?> Distinct(string key, Func<Dictionary<string, object?>> make, bool imageName = false) =>
        [
            .. Many(make)
                .DistinctBy(item =>
                    imageName
                        ? ((string)((Dictionary<string, object?>)item!)[key]!).Split(':')[0]
                        : ((Dictionary<string, object?>)item!)[key]
                ),
        ];

    private Dictionary<string, object?> Map(Func<string> make)
    {
        var map = new Dictionary<string, object?>();
        for (int i = random.Next(4); i > 0; i--)
            map[s_keys[random.Next(s_keys.Length)]] = make();
        return map;
    }
}
