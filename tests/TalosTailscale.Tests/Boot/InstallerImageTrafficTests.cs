using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Kubernetes;
using TalosTailscale.Tests.Lab.Images;

namespace TalosTailscale.Tests.Boot;

/// <summary>What a swap from an installer image moves through the API server where the partition is a real FAT.</summary>
public class InstallerImageTrafficTests(ITestOutputHelper output)
{
    private const string Installer = "ghcr.io/siderolabs/installer:v1.12.4";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_swap_that_reads_the_FAT_of_a_whole_partition_moves_less_than_a_megabyte()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        string[] twins = ["ONE.BIN", "TWO.BIN"];
        foreach (string twin in twins)
            await File.WriteAllBytesAsync(Path.Combine(lab.Linux, twin), new byte[5000], Ct);
        string device = await PartitionAsync(lab);
        KubeLab.Machine node = lab.Kube.Machines[1];
        node.Facts = node.Facts with { EspDevice = device };
        node.InstallerUki = LabImages.Uki(new LabUkiSpec { Size = 60_000_000 });
        var spec = new HelperPodSpec
        {
            NodeName = KubeLab.Node,
            Image = KubeLab.Image,
            Purpose = "esp",
            FromImage = Installer,
            FromImageFile = "/usr/install/arm64/vmlinuz.efi",
        };
        long before = lab.Kube.Api.TransferredBytes;

        using KubernetesConnection connection = lab.Kube.Connect();
        PodNodeShell shell = await PodNodeShell.OpenAsync(
            KubeLab.AnyMachine,
            connection,
            spec,
            SilentReporter.Instance,
            Ct
        );
        await using var session = new EspSession(shell, device, SilentReporter.Instance);
        EspInfo esp = await session.ReadAsync(EspFolder.Facts, Ct);
        UkiSwapSource source = await session.FromContainerAsync(HelperPodSpec.FromImagePath, Installer, [], Ct);
        var options = new UkiSwapOptions { Skip = Enum.GetValues<UkiSwapGate>().ToHashSet() };
        UkiSwapPlan plan = await session.PlanAsync(EspFolder.Facts, source, options, Ct);
        UkiSwapResult result = await session.SwapAsync(plan, source, Ct);
        EspInfo after = await session.ReadAsync(EspFolder.Facts, Ct);
        await session.CloseAsync(Ct);

        long moved = lab.Kube.Api.TransferredBytes - before;
        output.WriteLine(
            $"{moved} bytes through the API server for a UKI of {node.InstallerUki.Length} and three readings of the partition"
        );
        Assert.InRange(moved, 100_000, 1_000_000);
        // That two names share their clusters stands nowhere but in the FAT.
        Assert.Contains(esp.Findings, f =>
            f.Code == "SharedClusters" && twins.All(t => f.Evidence.Contains(t, StringComparison.Ordinal))
        );
        Assert.True(result.Changed && result.Checks.All(c => c.Passed == true), string.Join("; ", result.Checks));
        Assert.Equal(EspFolder.Hash(node.InstallerUki), EspFolder.Hash(lab.Read(EspFolder.Entry)));
        Assert.Equal(result.NewSha256, Assert.Single(after.Files, f => f.IsBooted).Sha256);
    }

    // As Talos makes it, with an image of the size that they have, and two names on one chain.
    private static async Task<string> PartitionAsync(SwapLab lab)
    {
        string image = Path.Combine(lab.Kube.Folder, "esp.img"),
            large = Path.Combine(lab.Kube.Folder, "large");
        await using (FileStream file = File.Create(image))
            file.SetLength(2101L << 20);
        await using (FileStream file = File.Create(large))
            file.SetLength(95 << 20);
        await HostTool.RunAsync("mkfs.vfat", "-F", "32", "-n", "EFI", image);
        await HostTool.RunAsync("mmd", "-i", image, "::EFI", "::EFI/Linux");
        await HostTool.RunAsync("mcopy", "-i", image, large, "::EFI/Linux/" + EspFolder.Entry);
        foreach (string twin in (string[])["ONE.BIN", "TWO.BIN"])
            await HostTool.RunAsync("mcopy", "-i", image, Path.Combine(lab.Linux, twin), "::EFI/Linux/" + twin);

        // The slots of the folder lie behind the two FATs: the second takes over the first one's clusters.
        byte[] start = new byte[16 << 20];
        await using FileStream disk = File.Open(image, FileMode.Open);
        await disk.ReadExactlyAsync(start, Ct);
        int one = start.AsSpan().IndexOf("ONE     BIN"u8),
            two = start.AsSpan().IndexOf("TWO     BIN"u8);
        foreach (int at in (int[])[20, 21, 26, 27])
        {
            disk.Position = two + at;
            disk.WriteByte(start[one + at]);
        }

        return image;
    }
}
