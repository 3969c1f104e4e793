using System.Text;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Boot;

/// <summary>Invoke-UkiSwap and Get-TalosEsp by the real engine, the Talos and Kubernetes APIs of a lab, and real pods.</summary>
public class UkiSwapLabTests
{
    [Fact]
    public async Task Swap_reboot_and_wait_on_two_nodes_then_the_same_again_changes_nothing()
    {
        await using LabSession lab = await StartAsync();
        string uki = Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");

        PowerShellResult first = lab.Invoke("param($p) Invoke-UkiSwap ampone, altra -Path $p -Reboot -Wait -Confirm:$false", ("p", uki));
        first.AssertNoErrors();
        IReadOnlyList<UkiSwapResult> results = first.OutputOf<UkiSwapResult>();
        Assert.Equal(["altra", "ampone"], results.Select(r => r.Node).Order());
        Assert.All(results, r => Assert.True(r.Changed && r.Succeeded, string.Join("; ", r.Checks)));
        Assert.All(results, r => Assert.NotEqual(r.BootIdBefore, r.BootIdAfter));
        AssertNoPod(lab);

        var before = Contents(lab);
        PowerShellResult again = lab.Invoke("param($p) Invoke-UkiSwap ampone, altra -Path $p -Reboot -Wait -Confirm:$false", ("p", uki));
        again.AssertNoErrors();
        Assert.All(again.OutputOf<UkiSwapResult>(), r => Assert.False(r.Changed));
        Assert.All(again.OutputOf<UkiSwapResult>(), r => Assert.Null(r.BootIdAfter));
        Assert.Equal(before, Contents(lab));
        AssertNoPod(lab);
    }

    [Theory]
    [InlineData(LabUkiKind.Iso, TalosArchitecture.Arm64, "v1.12.4", "UkiHaltsIfInstalled")]
    [InlineData(LabUkiKind.Installed, TalosArchitecture.Amd64, "v1.12.4", "UkiArchitectureMismatch")]
    [InlineData(LabUkiKind.Installed, TalosArchitecture.Arm64, "v1.13.0", "UkiVersionMismatch")]
    public async Task A_wrong_image_is_refused_and_the_partition_keeps_its_bytes(
        LabUkiKind kind, TalosArchitecture architecture, string version, string errorId)
    {
        await using LabSession lab = await StartAsync();
        string uki = Write(lab, new LabUkiSpec { Kind = kind, Architecture = architecture, Version = version }, "wrong.efi");
        var before = Contents(lab);

        PowerShellResult result = lab.Invoke("param($p) Invoke-UkiSwap ampone -Path $p -Reboot -Wait -Confirm:$false", ("p", uki));

        result.AssertError(errorId);
        Assert.Empty(result.Output);
        Assert.Equal(before, Contents(lab));
        AssertNoPod(lab);
    }

    private static async Task<LabSession> StartAsync(LabOptions? options = null)
    {
        LabSession lab = await LabSession.StartAsync(options);
        TalosConfigContext context = TalosConfigFile.Load(lab.Client.Environment["TALOSCONFIG"]).Context();
        await using var client = TalosClient.Connect(context);
        foreach (LabNode node in lab.Lab.Nodes)
        {
            TalosNodeClient talos = client.Node(node.Address, node.Name);
            string text = (await talos.MachineConfigAsync(cancellation: TestContext.Current.CancellationToken)).Text;
            text += "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY="
                + $"{lab.Lab.Options.AuthKey}\n  - TS_HOSTNAME={node.Name}\n  - TS_ACCEPT_DNS=false\n  - TS_AUTH_ONCE=true\n";
            await talos.ApplyConfigurationAsync(
                Encoding.UTF8.GetBytes(text), TalosApplyMode.NoReboot, cancellation: TestContext.Current.CancellationToken);
        }

        return lab;
    }

    private static string Write(LabSession lab, LabUkiSpec spec, string name)
    {
        string path = Path.Combine(lab.Client.Folder, name);
        File.WriteAllBytes(path, LabImages.Uki(spec));
        return path;
    }

    private static SortedDictionary<string, string> Contents(LabSession lab)
    {
        var contents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (LabNode node in lab.Lab.Nodes)
        {
            foreach (string path in Directory.EnumerateFiles(node.EspDirectory, "*", SearchOption.AllDirectories))
                contents[node.Name + "/" + Path.GetRelativePath(node.EspDirectory, path)] = EspFolder.Hash(File.ReadAllBytes(path));
        }

        return contents;
    }

    private static void AssertNoPod(LabSession lab) => Assert.Empty(lab.Lab.Part<LabKubernetesPart>()!.Api.Pods.Where(p => p.Contains("esp", StringComparison.Ordinal)));
}
