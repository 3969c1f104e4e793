using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

/// <summary>A lab whose ampone went from 192.168.1.202 to .203 at a reboot, and files that all say the old address.</summary>
internal sealed class Drifted : IAsyncDisposable
{
    private const string Readme = """
        # Nodes

        | ampone | 192.168.1.202 | talos-192-168-1-202 |
        Not it: 192.168.1.2020, 1192.168.1.202, 192.168.1.20, talos-192-168-1-2020.
        https://192.168.1.202:50000 is ampone's API, 地址192.168.1.202。
        """;

    private Drifted(LabSession session) => Session = session;

    public LabSession Session { get; }

    public LabCluster Lab => Session.Lab;

    /// <summary>Starts the lab at the old address, and reboots it to the new one.</summary>
    /// <param name="keepName">False to lose the HostnameConfig first, as cutting a config at its first '---' does.</param>
    public static async Task<Drifted> StartAsync(bool keepName)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        var options = new LabOptions
        {
            BootTime = TimeSpan.Zero,
            Nodes =
            [
                .. LabNodeOptions.Runbook.Select(node =>
                    node.Name == "ampone"
                        ? node with
                        {
                            Address = "192.168.1.202",
                            KubernetesName = "talos-192-168-1-202",
                        }
                        : node
                ),
            ],
        };
        LabSession session = await LabSession.StartAsync(options);
        if (!keepName)
        {
            session
                .Invoke(
                    "param($p) Set-TalosMachinePatch -Node 192.168.1.202 -Patch $p",
                    ("p", "apiVersion: v1alpha1\nkind: HostnameConfig\n$patch: delete\n")
                )
                .AssertNoErrors();
        }

        await WriteAsync(session, stop);
        LabNode node = session.Lab.Node("ampone");
        node.Faults.Set(LabFault.AddressChanged, "192.168.1.203");
        Guid boot = node.BootId;
        node.PowerCycle();
        await node.WhenAsync(n => n.BootId != boot && n.IsReady, stop);
        return new Drifted(session);
    }

    public PowerShellResult Update(string arguments) =>
        Session.Invoke(
            $"param($folder) Update-TalosNodeAddress ampone -Path $folder {arguments}",
            ("folder", Path.GetDirectoryName(Session.Devices)!)
        );

    /// <summary>Every file that a repair may touch.</summary>
    public Dictionary<string, byte[]> Files() =>
        Directory
            .EnumerateFiles(Path.GetDirectoryName(Session.Devices)!, "*", SearchOption.AllDirectories)
            .Where(path =>
                !path.Contains(
                    $"{Path.DirectorySeparatorChar}backups{Path.DirectorySeparatorChar}",
                    StringComparison.Ordinal
                )
            )
            .ToDictionary(path => path, File.ReadAllBytes);

    /// <summary>What the cluster says, as one text.</summary>
    public string State() =>
        string.Join(
            '\n',
            Lab.Etcd.Members.Select(member => member.ToString())
                .Concat(KubernetesNodes())
                .Concat(Lab.Nodes.Select(node => node.ActiveConfig.Text))
        );

    public IEnumerable<string> KubernetesNodes() =>
        Lab.Part<LabKubernetesPart>()!
            .Api.Store.List(KubeResource.Nodes, null)
            .Items.Select(node => node.Name())
            .Order(StringComparer.Ordinal);

    /// <summary>Texts that nobody may see: the keys of the client files, and of the machine configurations.</summary>
    public IEnumerable<string> Secrets() =>
        Directory
            .EnumerateFiles(Session.Client.Folder)
            .SelectMany(File.ReadLines)
            .Concat(Lab.Nodes.SelectMany(node => node.ActiveConfig.Text.Split('\n')))
            .Select(line => line.Split(": ", 2))
            .Where(pair =>
                pair.Length == 2
                && pair[0].Trim() is "key" or "client-key-data" or "token" or "secret"
                && pair[1].Length > 20
            )
            .Select(pair => pair[1].Trim());

    public ValueTask DisposeAsync() => Session.DisposeAsync();

    private static async Task WriteAsync(LabSession session, CancellationToken stop)
    {
        foreach (string path in Directory.EnumerateFiles(session.Devices, "*", SearchOption.AllDirectories))
        {
            string text = await File.ReadAllTextAsync(path, stop);
            text = text.Replace("192.168.1.203", "192.168.1.202", StringComparison.Ordinal)
                .Replace("192-168-1-203", "192-168-1-202", StringComparison.Ordinal);
            await File.WriteAllTextAsync(path, text, stop);
        }

        await File.WriteAllTextAsync(Path.Combine(session.Client.Folder, "README.md"), Readme, stop);
        await File.WriteAllTextAsync(
            Path.Combine(session.Devices, "ampone", "manifests", "endpoint.patch.yaml"),
            "cluster:\r\n  apiServer:\r\n    certSANs: [192.168.1.202, \"talos-192-168-1-202\"] # both\r\n",
            stop
        );

        // A second way to the same cluster, through the node.
        string kubeConfig = session.Client.Environment["KUBECONFIG"];
        string kube = await File.ReadAllTextAsync(kubeConfig, stop);
        string authority = kube.Split("certificate-authority-data: ")[1].Split('\n')[0].Trim();
        kube = kube.Replace(
            "clusters:\n",
            $"clusters:\n- name: direct\n  cluster:\n    server: https://192.168.1.202:6443\n    certificate-authority-data: {authority}\n",
            StringComparison.Ordinal
        );
        Assert.Contains("name: direct", kube, StringComparison.Ordinal);
        await File.WriteAllTextAsync(kubeConfig, kube, stop);
    }
}
