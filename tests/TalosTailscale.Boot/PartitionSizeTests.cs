using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Tests.Lab.Images;

namespace TalosTailscale.Boot;

public class PartitionSizeTests(ITestOutputHelper output)
{
    /// <summary>A partition as Talos makes it, with two images of the size that they have.</summary>
    [Fact]
    public async Task Looking_for_shared_clusters_reads_little_of_a_real_partition()
    {
        using var folder = new BenchFolder();
        string disk = folder.File("disk.img"),
            image = folder.File("image");
        await using (FileStream file = File.Create(disk))
            file.SetLength(2101L << 20);
        await using (FileStream file = File.Create(image))
            file.SetLength(95 << 20);
        await HostTool.RunAsync("mkfs.vfat", "-F", "32", "-n", "EFI", disk);
        await HostTool.RunAsync("mmd", "-i", disk, "::EFI", "::EFI/Linux");
        foreach (string name in (string[])["Talos-v1.12.4.efi", "Talos-v1.12.4.efi.bak.20261122T164500Z"])
            await HostTool.RunAsync("mcopy", "-i", disk, image, "::EFI/Linux/" + name);

        await using FileStream source = File.OpenRead(disk);
        long read = 0;
        int calls = 0;
        await using var device = new NodeBlockStream(
            source.Length,
            async (block, count, ct) =>
            {
                byte[] bytes = new byte[count * EspProgram.BlockSize];
                source.Position = block * EspProgram.BlockSize;
                int length = await source.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
                read += length;
                calls++;
                return bytes.AsMemory(0, length);
            },
            ClusterGuard.RunBlocks
        );
        IReadOnlyDictionary<string, string> found = await ClusterGuard.FindUnsafeAsync(
            device,
            "disk",
            TestContext.Current.CancellationToken
        );
        FolderRoom room = await FolderRoom.ReadAsync(device, "disk", TestContext.Current.CancellationToken);

        output.WriteLine($"{read} bytes in {calls} calls; {room.Free} free name slots");
        Assert.Empty(found);
        Assert.True(room.Free > 100);
        Assert.InRange(read, 1, 500_000);
    }
}
