using System.Text;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Lab.Registry;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Boot;

/// <summary>What passes the API server at a swap, and labs that are ready for one.</summary>
public class UkiSwapLabTests
{
    [Fact]
    public async Task An_installer_image_is_pulled_by_the_node_and_next_to_nothing_passes_the_API_server()
    {
        await using LabSession lab = await StartAsync();
        lab.Lab.Part<LabRegistry>()!.InstallerUkiSize = 60_000_000;
        string image = lab.Invoke("Save-TalosImage -Node ampone -Kind Installer -Confirm:$false")
            .Single<TalosImage>()
            .InstallerImage!;
        LabKubernetesApi api = lab.Lab.Part<LabKubernetesPart>()!.Api;
        long before = api.TransferredBytes;

        PowerShellResult result = lab.Invoke(
            "param($i) Invoke-UkiSwap ampone -InstallerImage $i -SkipGate ResetProfile -Reboot -Wait -Timeout 00:00:20 -Confirm:$false",
            ("i", image)
        );

        UkiSwapResult swap = result.Single<UkiSwapResult>();
        Assert.True(swap.Changed && Passed(lab, swap), string.Join("; ", swap.Checks));
        Assert.Contains(lab.Lab.Node("ampone").Extensions, e => e.Name == "tailscale");
        long moved = api.TransferredBytes - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{moved} bytes through the API server");
        Assert.InRange(moved, 10_000, 1_000_000);
        AssertNoPod(lab);
    }

    internal static async Task<LabSession> StartAsync(LabOptions? options = null)
    {
        LabSession lab = await LabSession.StartAsync(options);
        TalosConfigContext context = TalosConfigFile.Load(lab.Client.Environment["TALOSCONFIG"]).Context();
        await using var client = TalosClient.Connect(context);
        foreach (LabNode node in lab.Lab.Nodes)
        {
            TalosNodeClient talos = client.Node(node.Address, node.Name);
            string text = (await talos.MachineConfigAsync(cancellation: TestContext.Current.CancellationToken)).Text;
            text +=
                "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY="
                + $"{lab.Lab.Options.AuthKey}\n  - TS_HOSTNAME={node.Name}\n  - TS_ACCEPT_DNS=false\n  - TS_AUTH_ONCE=true\n";
            await talos.ApplyConfigurationAsync(
                Encoding.UTF8.GetBytes(text),
                TalosApplyMode.NoReboot,
                cancellation: TestContext.Current.CancellationToken
            );
        }

        return lab;
    }

    // Nobody logs in to a tailnet that the lab does not have.
    internal static bool Passed(LabSession lab, UkiSwapResult result) =>
        result.Checks.All(c =>
            c.Passed == true || (lab.Lab.Part<ILabTailnet>() is null && c.Name is "Service" or "Tailnet address")
        );

    internal static string Write(LabSession lab, LabUkiSpec spec, string name)
    {
        string path = Path.Combine(lab.Client.Folder, name);
        File.WriteAllBytes(path, LabImages.Uki(spec));
        return path;
    }

    internal static SortedDictionary<string, string> Contents(LabSession lab)
    {
        var contents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (LabNode node in lab.Lab.Nodes)
        {
            foreach (string path in Directory.EnumerateFiles(node.EspDirectory, "*", SearchOption.AllDirectories))
                contents[node.Name + "/" + Path.GetRelativePath(node.EspDirectory, path)] = EspFolder.Hash(
                    File.ReadAllBytes(path)
                );
        }

        return contents;
    }

    // After a failure the deletion has been asked for, and the kubelet may still be at it.
    internal static void AssertNoPod(LabSession lab)
    {
        SpinWait.SpinUntil(
            () => lab.Pods.Count == 0 || TestContext.Current.CancellationToken.IsCancellationRequested,
            TimeSpan.FromSeconds(60)
        );
        Assert.Empty(lab.Pods);
    }
}
