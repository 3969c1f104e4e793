using TalosTailscale.Core.Boot.Esp;

namespace TalosTailscale.Tests.Boot;

public class EspLocatorTests
{
    // Written as systemd-boot writes it: upper case.
    private const string First = "C35E2B21-63D3-4F3F-9F5B-1D3C5B7A0011";

    [Theory]
    [InlineData("nvme0n1", "EFI:vfat:nvme0n1 META::nvme0n1", "/dev/nvme0n1p1", null)]
    [InlineData("nvme0n1", "META::nvme0n1", null, "EspNotFound")]
    [InlineData("nvme0n1", "EFI:xfs:nvme0n1", null, "EspNotFound")]
    [InlineData(null, "EFI:vfat:nvme0n1", null, "EspNotFound")]
    [InlineData("nvme0n1", "EFI:vfat:nvme0n1 EFI:vfat:sda", null, "EspAmbiguous")]
    [InlineData("nvme0n1", "EFI:vfat:nvme0n1 BIOS::nvme0n1 BOOT:xfs:nvme0n1", null, "EspIsGrub")]
    public void Without_the_variable_it_is_found_by_its_label_on_the_system_disk(
        string? disk,
        string volumes,
        string? device,
        string? errorId
    ) => Check(disk, volumes, null, device, errorId);

    [Theory]
    // siderolabs/talos#11909: other operating systems left their own EFI system partitions on other disks.
    [InlineData("EFI:vfat:nvme0n1 EFI:vfat:sda", 1, "/dev/sdap2", null)]
    [InlineData("EFI:vfat:nvme0n1 EFI:vfat:sda", 0, "/dev/nvme0n1p1", null)]
    // lf-edge/eve#6009: a second one on the same disk, told apart by its unique GUID only.
    [InlineData("EFI:vfat:nvme0n1 EFI:vfat:nvme0n1", 1, "/dev/nvme0n1p2", null)]
    [InlineData("EFI:vfat:nvme0n1 ESP:vfat:nvme0n1", 1, "/dev/nvme0n1p2", null)]
    // The one that is named is gone: another one is not what boots.
    [InlineData("EFI:vfat:nvme0n1", 7, null, "EspNotFound")]
    [InlineData("EFI:xfs:nvme0n1", 0, null, "EspNotFound")]
    public void The_partition_that_the_loader_came_from_is_taken(
        string volumes,
        int booted,
        string? device,
        string? errorId
    ) => Check("nvme0n1", volumes, Uuid(booted).ToUpperInvariant(), device, errorId);

    [Fact]
    public void Cloned_disks_have_the_GUID_twice_and_are_refused() // systemd/systemd#1489
    {
        TalosDiscoveredVolume[] clones =
        [
            .. Volumes("EFI:vfat:nvme0n1 EFI:vfat:sda").Select(v => v with { PartitionUuid = Uuid(0) }),
        ];

        TsException refused = Assert.Throws<TsException>(() => EspLocator.Find("n", "nvme0n1", clones, First));

        Assert.Equal("EspAmbiguous", refused.ErrorId);
        Assert.Contains("/dev/nvme0n1p1, /dev/sdap2", refused.Message, StringComparison.Ordinal);
    }

    private static void Check(string? disk, string volumes, string? partUuid, string? device, string? errorId)
    {
        if (errorId is null)
            Assert.Equal(device, EspLocator.Find("n", disk, Volumes(volumes), partUuid).DevicePath);
        else
            Assert.Equal(
                errorId,
                Assert.Throws<TsException>(() => EspLocator.Find("n", disk, Volumes(volumes), partUuid)).ErrorId
            );
    }

    private static TalosDiscoveredVolume[] Volumes(string volumes) =>
        [
            .. volumes
                .Split(' ')
                .Select(
                    (v, i) =>
                        v.Split(':') is [var label, var fs, var parent]
                            ? new TalosDiscoveredVolume
                            {
                                Node = "n",
                                Id = $"{parent}p{i + 1}",
                                DevicePath = $"/dev/{parent}p{i + 1}",
                                Parent = parent,
                                FileSystem = fs,
                                PartitionLabel = label,
                                PartitionUuid = Uuid(i),
                                Type = "partition",
                            }
                            : throw new InvalidOperationException(v)
                ),
        ];

    private static string Uuid(int index) => $"{First[..^1].ToLowerInvariant()}{index + 1}";
}
