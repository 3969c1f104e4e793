using TalosTailscale.Tests.Lab.Images;

namespace TalosTailscale.Boot;

/// <summary>Makes disks that are one FAT file system, with other people's tools.</summary>
internal static class BenchDisk
{
    /// <summary>Clusters of 4 KiB, as on the partition that Talos makes, unless told otherwise; in a FAT16 that is small.</summary>
    public static async Task WriteAsync(
        string disk,
        IReadOnlyDictionary<string, byte[]> files,
        int size,
        int sectorsPerCluster = 8
    )
    {
        await File.WriteAllBytesAsync(disk, new byte[size]);
        string sectors = sectorsPerCluster.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await HostTool.RunAsync(
            "mkfs.vfat",
            "-F",
            size >= 18 << 20 ? "16" : "12",
            "-s",
            sectors,
            "-n",
            "EFI",
            "-i",
            "4ec0ffee",
            disk
        );
        await HostTool.RunAsync("mmd", "-i", disk, "::EFI", "::EFI/BOOT", "::EFI/Linux", "::loader");
        foreach ((string path, byte[] content) in files)
        {
            string file = disk + ".content";
            await File.WriteAllBytesAsync(file, content);
            await HostTool.RunAsync("mcopy", "-i", disk, file, "::" + path);
            File.Delete(file);
        }
    }
}
